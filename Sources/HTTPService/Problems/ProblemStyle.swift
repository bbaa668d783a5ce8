// How the pages about problems look, in the colours of the other pages. They are not among the files of those, because every daemon
// explains its problems, and only servers of states have pages.

enum ProblemStyle {
    static let sheet = """
        :root {
          color-scheme: light dark;
          --ground: light-dark(#fff, #14181d);
          --raised: light-dark(#f3f5f8, #1e242c);
          --ink: light-dark(#1b2129, #e6eaf0);
          --faint: light-dark(#596473, #9aa6b5);
          --line: light-dark(#d5dbe3, #333c48);
          --accent: light-dark(#1f66a3, #6db3ee);
        }
        body { margin: 0 auto; max-width: 46rem; padding: 2.5rem 1rem 4rem; background: var(--ground); color: var(--ink);
          font: 1rem/1.6 system-ui, sans-serif; }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: .2rem 0 1.4rem; }
        h2 { font-size: .8rem; letter-spacing: .04em; text-transform: uppercase; color: var(--faint); margin: 1.6rem 0 .2rem; }
        p { margin: .2rem 0 .8rem; }
        a { color: var(--accent); }
        code, pre { font: .9em/1.5 ui-monospace, monospace; }
        .slug { color: var(--faint); margin: 0; }
        .slug code { color: var(--ink); background: var(--raised); padding: .15rem .4rem; border-radius: .25rem; }
        pre { background: var(--raised); border: 1px solid var(--line); border-radius: .4rem; padding: .8rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
        table { border-collapse: collapse; width: 100%; }
        th { text-align: left; color: var(--faint); font-weight: 500; }
        th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        @media (max-width: 34rem) { th:nth-child(3), td:nth-child(3) { display: none; } }

        """
}
