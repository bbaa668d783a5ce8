/* Preconditions and epochs, for spin: why the append script settles a condition's epoch and leaves only a number in the entry.
 *
 * Changes 1..3 go into one log. Each may demand `If-Match: <epoch>-<version>`; the client knows every version it has been shown.
 * Redis may lose its tail (any length, also nothing) and so get another epoch, and a fold may start again from the log then.
 *
 * append (append.lua): a condition of the present epoch becomes its number, one of another epoch becomes `never` (`!`).
 * fold (ApplicationState): holds if the state has that version; the epoch is no input of the fold.
 *
 * Promises
 *   P1  the outcome of an entry is the same in every fold of it, in this epoch and in the next ones
 *   P2  a change with a condition is applied only to the very state it names
 *
 * Mutants
 *   M_EPOCH_IN_ENTRY  the entry keeps the epoch, the fold compares it: P1. Change 2 demands 1-1 and is applied; the life changes
 *                     without loss, the epoch is 2; the fold from the log sees version 2-1 and rejects what was applied.
 *   M_NUMBER_ONLY     append ignores the epoch: P2. The state 1-1 is lost, another change becomes 2-1, and the change that was made
 *                     for 1-1 is applied to it.
 */

#define LENGTH 3
#define EPOCHS 2

/* Conditions. */
#define ANY   0
#define NEVER 15
#define NUMBER(version) (1 + (version))

#define PROMISE(number, holds) assert((number) == 0 || (holds))

#define UNFOLDED 0
#define APPLIED  1
#define REJECTED 2

typedef Entry {
  byte change, condition, epoch;            /* the entry as it is in the list; its epoch only with M_EPOCH_IN_ENTRY */
  byte wanted_epoch, wanted_version;        /* what the client meant: for the assertions */
  byte outcome                              /* of the first fold that came this far */
};

Entry log[LENGTH + 1];
byte tail, epoch = 1;
/* The last applied change in a state says which state it is, since every change is new: `content` by epoch and version. */
byte state_shown[(EPOCHS + 1) * (LENGTH + 1)];
bit shown[(EPOCHS + 1) * (LENGTH + 1)];
#define STATE(epoch_, version_) ((epoch_) * (LENGTH + 1) + (version_))

byte next_change = 1;

inline append(wanted_e, wanted_v) {
  tail++;
  log[tail].change = next_change; next_change++;
  log[tail].wanted_epoch = wanted_e; log[tail].wanted_version = wanted_v;
  log[tail].outcome = UNFOLDED;
  if
  :: wanted_e == 0 -> log[tail].condition = ANY
#if defined(M_EPOCH_IN_ENTRY)
  :: wanted_e != 0 -> log[tail].condition = NUMBER(wanted_v); log[tail].epoch = wanted_e
#elif defined(M_NUMBER_ONLY)
  :: wanted_e != 0 -> log[tail].condition = NUMBER(wanted_v)
#else
  :: wanted_e == epoch -> log[tail].condition = NUMBER(wanted_v)
  :: wanted_e != 0 && wanted_e != epoch -> log[tail].condition = NEVER
#endif
  fi
}

proctype Client() {
  byte e, v;
  do
  :: atomic { tail < LENGTH && next_change <= LENGTH + 1 -> append(0, 0) }
  :: atomic { tail < LENGTH && next_change <= LENGTH + 1 ->
       if :: e = 1 :: e = 2 fi;
       if :: v = 0 :: v = 1 :: v = 2 fi;
       if
       :: shown[STATE(e, v)] -> append(e, v)
       :: else
       fi;
       e = 0; v = 0 }
  :: break
  od
}

#ifdef M_EPOCH_IN_ENTRY
#define HOLDS (log[i].condition == ANY || (log[i].epoch == present && log[i].condition == NUMBER(version)))
#else
#define HOLDS (log[i].condition == ANY || (log[i].condition != NEVER && log[i].condition == NUMBER(version)))
#endif

/* Folds the log from its start and shows every state on the way. A poll server or a merge daemon, at any time, any number of times. */
proctype Fold() {
  byte i, version, present, last, outcome;
  do
  :: atomic { tail > 0 ->
       present = epoch; i = 1;
       if :: !shown[STATE(present, 0)] -> shown[STATE(present, 0)] = 1 :: else fi;
       do
       :: i <= tail ->
          if
          :: HOLDS ->
             outcome = APPLIED;
             /* The state it is applied to is the one that the client was shown under that version. */
             PROMISE(2, log[i].wanted_epoch == 0 ||
               (version == log[i].wanted_version && last == state_shown[STATE(log[i].wanted_epoch, log[i].wanted_version)]));
             version = i; last = log[i].change
          :: else -> outcome = REJECTED
          fi;
          PROMISE(1, log[i].outcome == UNFOLDED || log[i].outcome == outcome);
          log[i].outcome = outcome;
          PROMISE(1, !shown[STATE(present, version)] || state_shown[STATE(present, version)] == last);
          shown[STATE(present, version)] = 1; state_shown[STATE(present, version)] = last;
          i++
       :: else -> break
       od;
       i = 0; version = 0; present = 0; last = 0; outcome = 0 }
  :: break
  od
}

/* The life changes: the end of the log may be lost, and the epoch is another. */
proctype World() {
  byte lost, i;
  atomic {
    if :: lost = 0 :: tail >= 1 -> lost = 1 :: tail >= 2 -> lost = 2 :: tail >= 3 -> lost = 3 fi;
    do
    :: lost > 0 ->
       log[tail].change = 0; log[tail].condition = ANY; log[tail].epoch = 0; log[tail].wanted_epoch = 0;
       log[tail].wanted_version = 0; log[tail].outcome = UNFOLDED; tail--; lost--
    :: else -> break
    od;
    epoch = 2
  }
}

init { atomic { run Client(); run Fold(); run World() } }
