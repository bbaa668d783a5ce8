/* Sequenced ids (`<client>~<n>`), for spin: one record per client instead of one per change.
 *
 * A client numbers its changes 1..CHANGES and sends those that are not confirmed in any order, again and again. Redis may lose its
 * tail, memcached may hold a snapshot that is ahead then, the application may be deleted, a duplicate may come late. Positions and
 * epochs as in cistern.pml, but with one Redis, the merge daemon in one step, and a client that reads the log itself.
 *
 * append: `judge_numbered` in common.lua and append.lua. adopt: `restore` in adopt.lua. delete: delete.lua.
 * The client takes a new name when its record is gone (410 `client-unknown`) or expects a number that the client has seen confirmed
 * and dropped (409 `out-of-order`): both say that a confirmed change was lost, and the old name can never go on. A state that confirms
 * a number confirms all before it, and a refused one (410 `application-deleted`) refuses all before it.
 *
 * Promises
 *   P1  every change is folded at most once
 *   P2  a client's changes are folded in its order, without gaps
 *   P3  what is `known` is in the log, at the position of the answer or before; what is `deleted` is not there
 *   P7  a delayed duplicate does not bring a deleted application back
 *   P8  when all is quiet, every change is confirmed, or refused because the application was deleted
 *
 * Mutants
 *   M_GAPS            append: number > last + 1 is taken     P2
 *   M_LAST_ONLY       append: only the last is a repeat      P1
 *   M_NO_CREATION     append: creation not compared          P3  `known`, but of the application that was deleted
 *   M_NO_FIRST        append: first number not compared      P3  likewise, when the client has gone on in the next creation
 *   M_FORGET_DELETED  append: an earlier creation's record counts as none     P7
 *   M_NO_CLIENT       adopt: client's record not restored    P1  the snapshot has the change, its repeat is new
 *   M_FIRST_LOST      adopt: first number not kept           P3  what was never lost is `deleted`
 *   M_OLD_NAME        Client: does not take a new name       P8
 *   M_ONE_BY_ONE      Client: a number confirms only itself  P3  one whose answer was lost stands before the lost one and has no
 *                                                                number under the new name
 */

#ifndef CHANGES
#define CHANGES 2
#endif
#ifndef LIVES
#define LIVES 1
#endif
#ifndef DELETES
#define DELETES 0
#endif
#ifndef DUPLICATES
#define DUPLICATES 0
#endif
#ifndef WIPES
#define WIPES 0
#endif

#define EPOCHS 8
#define OTHER 7                  /* the change of another client */

#define AT(sequence, position)     (((sequence) >> (3 * ((position) - 1))) & 7)
#define PUT(change, position)      ((change) << (3 * ((position) - 1)))
#define UP_TO(sequence, position)  ((sequence) & ((1 << (3 * (position))) - 1))
#define CONTAINS(sequence, change) (AT(sequence, 1) == (change) || AT(sequence, 2) == (change) || \
                                    AT(sequence, 3) == (change) || AT(sequence, 4) == (change))
#define PROMISE(number, holds) assert((number) == 0 || (holds))

typedef Record { byte creation, first, last, position };     /* {c}:client; creation 0: there is none */

typedef Redis {
  byte generation, creation, adopted, epoch, tail, published;
  short entries;                 /* the changes themselves, under whatever name they came */
  Record client[2]               /* by name */
};

Redis now, durable;              /* what is there, and what of it a next life finds */
bit behind, calm;
byte cached, cached_at;
short given[EPOCHS + 1];
byte next_generation = 2, next_creation = 2, next_epoch = 2;
byte gone;                       /* changes of deleted applications, one bit each */

/* The client. Its change c is number c - renamed_at under its name. */
#define TO_SEND   0
#define WAITING   1
#define CONFIRMED 2
#define REFUSED   3
byte stage[CHANGES + 1], receipt[CHANGES + 1], receipt_at[CHANGES + 1];
bit name;
byte renamed_at;

#define ADOPT    1
#define NEW      2
#define KNOWN    3
#define DELETED  4
#define GAP      5
#define UNKNOWN  6

#define CLIENT now.client[who]
#define OF_THIS (CLIENT.creation == now.creation)

/* append(<client>~<number>). `expected` is the number that a gap wants. */
inline append(who, number, content, answer, position, expected) { d_step {
  if
  :: now.creation != 0 && now.adopted != now.generation -> answer = ADOPT
  :: else ->
     if
#ifdef M_FORGET_DELETED
     :: (CLIENT.creation == 0 || !OF_THIS) && number == 1 -> answer = NEW
     :: (CLIENT.creation == 0 || !OF_THIS) && number > 1 -> answer = UNKNOWN
#else
     :: CLIENT.creation == 0 && number == 1 -> answer = NEW
     :: CLIENT.creation == 0 && number > 1 -> answer = UNKNOWN
#endif
     :: else ->
        if
        :: number == CLIENT.last + 1 -> answer = NEW
#ifdef M_GAPS
        :: number > CLIENT.last + 1 -> answer = NEW
#else
        :: number > CLIENT.last + 1 -> answer = GAP; expected = CLIENT.last + 1
#endif
#ifdef M_LAST_ONLY
        :: number < CLIENT.last -> answer = NEW
#endif
        :: else ->
           if
#if defined(M_NO_CREATION)
           :: number < CLIENT.first -> answer = DELETED
#elif defined(M_NO_FIRST)
           :: !OF_THIS -> answer = DELETED
#else
           :: !OF_THIS || number < CLIENT.first -> answer = DELETED
#endif
           :: else -> answer = KNOWN; position = CLIENT.position
           fi
        fi
     fi;
     PROMISE(3, answer != KNOWN || CONTAINS(UP_TO(now.entries, position), content));
     PROMISE(3, answer != DELETED || !CONTAINS(now.entries, content));
     if
     :: answer == NEW ->
        PROMISE(7, LIVES > 0 || now.creation != 0 || ((gone >> content) & 1) == 0);
        if
        :: now.creation == 0 ->
           now.creation = next_creation; next_creation++; now.adopted = now.generation;
           now.epoch = next_epoch; next_epoch++; now.tail = 0; now.published = 0; now.entries = 0
        :: else
        fi;
        PROMISE(1, !CONTAINS(now.entries, content));
        PROMISE(2, !CONTAINS(now.entries, content + 1) && !CONTAINS(now.entries, content + 2));
        PROMISE(2, number == 1 || !OF_THIS || AT(now.entries, CLIENT.position) == content - 1);
        now.tail++; position = now.tail;
        now.entries = now.entries | PUT(content, now.tail);
        given[now.epoch] = now.entries;
        if :: !OF_THIS -> CLIENT.first = number :: else fi;
        CLIENT.creation = now.creation; CLIENT.last = number; CLIENT.position = now.tail
     :: else
     fi
  fi } }

/* adopt(snapshot): takes the snapshot if it is of the old epoch and ahead, and puts back the records of clients whose changes were
 * lost. All numbers after the last new name belong to that name. */
inline adopt(shown, upto) { d_step {
  if
  :: now.creation == 0 || now.adopted == now.generation
  :: else ->
     if
     :: shown != 0 && shown == now.epoch && upto > now.tail ->
        i = now.tail + 1;
        do
        :: i <= upto ->
           c = AT(given[shown], i);
#ifndef M_NO_CLIENT
           if
           :: c != OTHER ->
              who = (c > renamed_at -> name : 0);
#ifdef M_FIRST_LOST
              CLIENT.first = c - (who == 1 -> renamed_at : 0);
#else
              if :: !OF_THIS -> CLIENT.first = c - (who == 1 -> renamed_at : 0) :: else fi;
#endif
              CLIENT.creation = now.creation; CLIENT.last = c - (who == 1 -> renamed_at : 0); CLIENT.position = i
           :: else
           fi;
#endif
           i++
        :: else -> break
        od;
        now.entries = UP_TO(given[shown], upto); now.tail = upto; now.published = upto
     :: else
     fi;
     now.adopted = now.generation; now.epoch = next_epoch; next_epoch++;
     given[now.epoch] = now.entries;
     i = 0; c = 0; who = 0
  fi } }

inline delete() {
  i = 1;
  do
  :: i <= CHANGES -> if :: CONTAINS(now.entries, i) -> gone = gone | (1 << i) :: else fi; i++
  :: else -> break
  od;
  i = 0;
  now.creation = 0; now.adopted = 0; now.epoch = 0; now.tail = 0; now.published = 0; now.entries = 0
}

inline copy(to, origin) {
  to.generation = origin.generation; to.creation = origin.creation; to.adopted = origin.adopted; to.epoch = origin.epoch;
  to.tail = origin.tail; to.published = origin.published; to.entries = origin.entries;
  i = 0;
  do
  :: i < 2 ->
     to.client[i].creation = origin.client[i].creation; to.client[i].first = origin.client[i].first;
     to.client[i].last = origin.client[i].last; to.client[i].position = origin.client[i].position; i++
  :: else -> break
  od;
  i = 0
}

/* What became of a number became of all before it: the log has them in order. */
inline settle_before(change_, outcome) {
#ifndef M_ONE_BY_ONE
  i = 1;
  do
  :: i < change_ ->
     PROMISE(1, stage[i] >= CONFIRMED || outcome == REFUSED || CONTAINS(now.entries, i) || ((gone >> i) & 1));
     if :: stage[i] < CONFIRMED -> stage[i] = outcome; receipt[i] = 0; receipt_at[i] = 0 :: else fi;
     i++
  :: else -> break
  od;
  i = 0
#else
  skip
#endif
}

/* Confirmed by a state of the receipt's epoch, to be sent again when the epoch is another or the application is not there. */
inline settle(change_) {
  if
  :: stage[change_] == WAITING && now.creation != 0 && now.epoch == receipt[change_] && now.tail >= receipt_at[change_] ->
     PROMISE(1, CONTAINS(now.entries, change_));
     stage[change_] = CONFIRMED; receipt[change_] = 0; receipt_at[change_] = 0;
     settle_before(change_, CONFIRMED)
  :: stage[change_] == WAITING && (now.creation == 0 || now.epoch != receipt[change_]) ->
     stage[change_] = TO_SEND; receipt[change_] = 0; receipt_at[change_] = 0
  :: else
  fi
}

/* A new name for what is not confirmed; the numbers start at 1 again. */
inline rename(after) {
#ifndef M_OLD_NAME
  if
  :: name == 0 ->
     name = 1; renamed_at = after;
     i = 1;
     do
     :: i <= CHANGES -> if :: stage[i] == WAITING -> stage[i] = TO_SEND; receipt[i] = 0; receipt_at[i] = 0 :: else fi; i++
     :: else -> break
     od;
     i = 0
  :: else
  fi
#else
  PROMISE(8, after < 0)          /* no number of the old name will ever be taken again */
#endif
}

#define OPEN(change) (stage[change] == TO_SEND || stage[change] == WAITING)

proctype Client() {
  byte change, answer, position, expected, who, i, c, snapshot, snapshot_at;

end_idle:
  if
  :: atomic { stage[1] == TO_SEND || stage[2] == TO_SEND || stage[CHANGES] == TO_SEND ->
       if
       :: stage[1] == TO_SEND -> change = 1
       :: stage[2] == TO_SEND -> change = 2
#if CHANGES > 2
       :: stage[3] == TO_SEND && (stage[1] != TO_SEND || stage[2] != TO_SEND) -> change = 3
#endif
       fi;
       who = name;
       append(who, change - renamed_at, change, answer, position, expected);
       if
       :: answer == NEW || answer == KNOWN ->
          if
          :: stage[change] = WAITING; receipt[change] = now.epoch; receipt_at[change] = position
          :: !calm                                                         /* the answer is lost */
          fi
       :: answer == DELETED -> stage[change] = REFUSED; settle_before(change, REFUSED)
       :: answer == GAP ->
          if :: !OPEN(expected + renamed_at) -> rename(expected + renamed_at) :: else fi
       :: answer == UNKNOWN ->
          if :: change > 1 && !OPEN(change - 1) -> rename(change - 1) :: else fi
       :: answer == ADOPT -> change = 0; answer = 0; who = 0; goto get_snapshot
       fi;
       change = 0; answer = 0; position = 0; expected = 0; who = 0; goto end_idle }
  :: atomic { (stage[1] == WAITING || stage[2] == WAITING || stage[CHANGES] == WAITING) &&
              (now.creation == 0 || now.adopted == now.generation) ->
       settle(1); settle(2);
#if CHANGES > 2
       settle(3);
#endif
       goto end_idle }
  :: atomic { now.creation != 0 && now.adopted != now.generation -> goto get_snapshot }
  fi;

get_snapshot:
  atomic { true; snapshot = cached; snapshot_at = cached_at };
  atomic { adopt(snapshot, snapshot_at); snapshot = 0; snapshot_at = 0; goto end_idle }
}

/* The merge daemon: folds all there is and publishes. */
proctype Daemon() {
end_idle:
  do
  :: atomic { now.creation != 0 && now.adopted == now.generation && now.published < now.tail ->
       cached = now.epoch; cached_at = now.tail;
       if :: now.published = now.tail :: !calm fi }
  od
}

/* A request of the first name that was on its way all the time, sent before the deletion. */
proctype Late() {
  byte n, change, answer, position, expected, who;
end_idle:
  do
  :: atomic { !calm && n < DUPLICATES && gone != 0 ->
       if :: gone & 2 -> change = 1 :: gone & 4 -> change = 2 fi;
       append(who, change, change, answer, position, expected);
       n++; change = 0; answer = 0; position = 0; expected = 0 }
  :: calm || n == DUPLICATES -> break
  od
}

proctype World() {
  byte lives, deletes, others, wipes, i;
  do
  :: lives < LIVES && !behind -> d_step { copy(durable, now); behind = 1 }
  :: behind -> d_step {
       copy(now, durable); now.generation = next_generation; next_generation++; lives++; behind = 0;
       durable.generation = 0; durable.creation = 0; durable.adopted = 0; durable.epoch = 0; durable.tail = 0;
       durable.published = 0; durable.entries = 0 }
  :: deletes < DELETES && now.creation != 0 && now.adopted == now.generation -> atomic { delete(); deletes++ }
  :: wipes < WIPES && cached != 0 -> d_step { cached = 0; cached_at = 0; wipes++ }
  :: others < 1 && !CONTAINS(now.entries, OTHER) && (now.creation == 0 || now.adopted == now.generation) -> d_step {
       others++;                                                           /* another client's change, which makes it again */
       if
       :: now.creation == 0 ->
          now.creation = next_creation; next_creation++; now.adopted = now.generation;
          now.epoch = next_epoch; next_epoch++
       :: else
       fi;
       now.tail++; now.entries = now.entries | PUT(OTHER, now.tail); given[now.epoch] = now.entries }
  :: break
  od;
  skip;
  d_step { behind = 0; calm = 1; lives = 0; deletes = 0; others = 0; wipes = 0 }
}

proctype Judge() {
end_wait:
  atomic { timeout ->
    PROMISE(8, stage[1] >= CONFIRMED && stage[2] >= CONFIRMED && stage[CHANGES] >= CONFIRMED);
    PROMISE(8, DELETES > 0 || (stage[1] == CONFIRMED && stage[2] == CONFIRMED && stage[CHANGES] == CONFIRMED));
    PROMISE(1, LIVES + DELETES > 0 || (CONTAINS(now.entries, 1) && CONTAINS(now.entries, 2) && CONTAINS(now.entries, CHANGES)))
  }
}

init { atomic {
  now.generation = 1; now.creation = 1; now.adopted = 1; now.epoch = 1;
  run World(); run Daemon(); run Client();
#if DUPLICATES > 0
  run Late();
#endif
  run Judge()
} }
