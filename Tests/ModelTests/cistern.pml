/* The protocol between Redis, memcached, the merge daemons, the poll server and a client, for spin.
 *
 *     spin -a -DCHANGES=2 -DLIVES=1 cistern.pml && gcc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -m100000
 *
 * ModelTests.swift runs the configurations and every mutant. Whoever changes a script changes the inline of the same name.
 *
 * script           inline       who calls it here
 * append.lua       append       Client, Late
 * read.lua         read         Daemon, Poll (rebuild)
 * merged.lua       merged       Daemon
 * checkpoint.lua   checkpoint   Daemon
 * recover.lua      recover      whoever calls a script, when the life is not the known one (`reach`)
 * adopt.lua        adopt        whoever was answered `adopt`, with the snapshot it read a step before
 * delete.lua       delete       World
 * look.lua         look         Poll
 * status.lua       status       beside every look
 *
 * What is left out. A state is the sequence of the changes folded into it, and a snapshot is (epoch, position): `given[epoch]`
 * is the log of an epoch as it was ever given out, never rolled back, and `read` asserts that Redis holds exactly that. A version
 * is its position. Writers of memcached overwrite without comparing, and no daemon has a lease: both only save work. Records do
 * not expire, the backlog has no limit. Numbered ids and preconditions have models of their own: sequenced.pml, preconditions.pml.
 *
 * Promises (each assertion names its own)
 *   P1  a change of an epoch is folded exactly once, in the order of positions, unless a life change lost it
 *   P2  a position of an epoch is given out once, so two servers never have different content for one version
 *   P3  a client never sees the version of one epoch go down; an answer is not older than what was published when it was asked for
 *   P4  the status of a rejected change is never `applied`, and every change gets its outcome
 *   P5  a change that the client drops as confirmed is in the state
 *   P6  base <= merged <= tail
 *   P7  a delayed duplicate does not bring a deleted application back
 *   P8  when all is quiet, every change is confirmed, or refused because the application was deleted
 *
 * Sizes
 *   CHANGES     1 or 2; the last of two is one that the fold rejects
 *   EXISTS      the application is there at the start
 *   LIVES       life changes, which may lose a tail; SPLIT: the old primary may live on
 *   CRASHES     of a daemon, the poll server, memcached for a moment, or a connection with an answer on it
 *   FAILURES    of RPUSH in append
 *   WIPES, DELETES, DUPLICATES (delayed), DAEMONS
 *   WINDOW      records in a snapshot
 *   JOIN        a daemon may go on from memcached's snapshot; UNSEEN: nobody polls
 *
 * Mutants: one rule taken out            breaks  because
 *   M_RECORD_FIRST  append: record before the log    P1  RPUSH fails, the repeat is `known` and in no log
 *   M_NO_RECORD_CHECK append: repeats not recognised P1  the answer is lost, the repeat is appended too
 *   M_SAME_EPOCH    recover: generation kept         P8  nobody learns that a change is lost; its position (P1, P2) goes to
 *                                                        another change
 *   M_LIFE_UNCHECKED scripts: life not compared      P1  a promotion that breaks no connection goes unnoticed
 *   M_ANY_EPOCH     adopt: any snapshot believed     P2  a snapshot of a log that went another way replaces acknowledged changes
 *   M_FEW_RECORDS   adopt: records not counted       P4  a rejection that the snapshot no longer knows is never written down
 *   M_NO_RECORDS    adopt: lost records not restored P1  the repeat of a change that the snapshot shows is appended again
 *   M_NO_REJECTIONS adopt: only lost ones restored   P4  a rejection that was in the log but not written down counts as applied
 *   M_NO_FROM       merged: `from` not compared      P4  a daemon that joined at a snapshot skips a rejection nobody wrote down
 *   M_MERGED_ANY    merged: epoch not compared       P4  a daemon of the lost epoch raises `merged` over unfolded changes (P6)
 *   M_CHECKPOINT_ANY checkpoint: above `merged`      P4  the change is trimmed before its outcome is written down (P6)
 *   M_TRUST_CACHE   Poll: merged not compared        P3  an old snapshot is served after a newer one was published
 *   M_NO_FLOOR      Poll: lower version taken        P3  a paused daemon's snapshot takes a warm server back
 *   M_DROP_ANY      Client: drops by number alone    P5  the position belongs to another change in the next epoch
 *   M_NEVER_BACK    Client: not even after a while   P8  it went to the old primary's epoch, and ignores the right one for ever
 *   M_304_IGNORED   Client: 304 is not an answer     P8  an acknowledgement that came late, of a gone epoch, waits for ever
 *   M_404_IGNORED   Client: 404 is not an answer     P8  the application was lost as a whole, nobody sends again
 *   M_FORGET_DELETED append: record of an earlier creation counts as unknown
 *                                                    P7  a delayed duplicate makes the application again
 */

#ifndef CHANGES
#define CHANGES 2
#endif
#ifndef DAEMONS
#define DAEMONS 1
#endif
#ifndef LIVES
#define LIVES 0
#endif
#ifndef WIPES
#define WIPES 0
#endif
#ifndef DELETES
#define DELETES 0
#endif
#ifndef DUPLICATES
#define DUPLICATES 0
#endif
#ifndef FAILURES
#define FAILURES 0
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef WINDOW
#define WINDOW 4
#endif

/* Creations and generations of the model end here; more than there can be. */
#define EPOCHS 12
#define REJECTED CHANGES

/* A sequence of changes, three bits each, in one number. */
#define AT(sequence, position)     (((sequence) >> (3 * ((position) - 1))) & 7)
#define PUT(change, position)      ((change) << (3 * ((position) - 1)))
#define UP_TO(sequence, position)  ((sequence) & ((1 << (3 * (position))) - 1))
#define CONTAINS(sequence, change) (AT(sequence, 1) == (change) || AT(sequence, 2) == (change) || \
                                    AT(sequence, 3) == (change) || AT(sequence, 4) == (change))

typedef Record {
  byte creation;                 /* 0: there is no record */
  byte position;
  bit rejected
};

typedef Redis {
  byte life;                     /* what a connection finds: run_id and replication ids */
  byte known, generation;        /* {c}:server */
  byte creation, adopted, epoch; /* {c}:app; creation 0: no such application */
  byte base, tail, published;    /* published is the field `merged`: the inline has that name */
  short entries;                 /* checkpoint and log together: changes 1..tail */
  Record record[CHANGES + 1]     /* {c}:change, by change */
};

Redis redis[2];
byte primary;
bit old_lives;                   /* the primary before this one still answers */
bit calm;                        /* no faults from here on */
byte crashes;
#define CRASH (!calm && crashes < CRASHES)

byte cached, cached_at;          /* memcached: epoch (0: nothing) and position */
byte table, table_at;            /* the poll server's table */

/* What the client knows. */
#define TO_SEND   0
#define ANSWERED  1              /* the receipt is on its way */
#define WAITING   2              /* acknowledged; kept until a state shows it */
#define CONFIRMED 3
#define REFUSED   4
byte stage[CHANGES + 1];
byte receipt[CHANGES + 1], receipt_at[CHANGES + 1];
byte hand, hand_at;              /* the state at hand */

/* Unique values, and what only the model knows. */
byte next_life = 2, next_generation = 2, next_creation = 1, next_epoch = 1;
short given[EPOCHS + 1];         /* by epoch: every position ever given out */
byte sent;                       /* changes that were on their way, one bit each: a duplicate of them may be late */
byte gone;                       /* changes of applications that were deleted, one bit each */
bit in_place;                    /* the last life change broke no connection */

/* Spin prints the expression that failed, and so the number of the promise. */
#define PROMISE(number, holds) assert((number) == 0 || (holds))

#define OK      1
#define ADOPT   2
#define NONE    3
#define STALE   4
#define DELETED 5
#define FAILED  6

#define HERE redis[s]
/* The check that every script makes after that of its life. */
#define TO_ADOPT (HERE.adopted != HERE.generation)

/* ---------------------------------------------------------------------------------------------------------- the scripts */

/* recover(life): a life that the partition has not seen gets a fresh generation, for positions may have been lost (P1, P2). */
inline recover(s) {
  HERE.known = HERE.life;
#ifndef M_SAME_EPOCH
  HERE.generation = next_generation; next_generation++
#endif
}

/* A caller finds a server that is, or was, primary. Scripts answer `stale-life` until somebody has called recover. */
inline reach(s) {
  if
  :: s = primary
  :: old_lives -> s = 1 - primary
  fi;
  meet(s)
}

inline meet(s) {
  if
#ifdef M_LIFE_UNCHECKED
  :: HERE.life != HERE.known && !in_place -> recover(s)
#else
  :: HERE.life != HERE.known -> recover(s)
#endif
  :: else
  fi
}

/* adopt(snapshot): the application takes its partition's generation, and with it a new epoch. */
inline adopt(s, shown, upto) { d_step {
  if
  :: HERE.creation == 0 || !TO_ADOPT
  :: else ->
     /* Believed only if of exactly the old epoch, ahead of the log that is left, and with every record after `merged`. */
     if
#ifdef M_ANY_EPOCH
     :: shown != 0 && upto > HERE.tail && upto <= HERE.published + WINDOW ->
#elif defined(M_FEW_RECORDS)
     :: shown != 0 && shown == HERE.epoch && upto > HERE.tail ->
#else
     :: shown != 0 && shown == HERE.epoch && upto > HERE.tail && upto <= HERE.published + WINDOW ->
#endif
        PROMISE(2, UP_TO(given[shown], HERE.tail) == HERE.entries);    /* it goes on where the log that is left ends */
        i = HERE.published + 1;
        do
        :: i <= upto ->
           c = AT(given[shown], i);
           if
           :: upto >= i + WINDOW                   /* the snapshot carries no record of it */
           :: else ->
#ifndef M_NO_RECORDS
              if
              :: i > HERE.tail ->
                 HERE.record[c].creation = HERE.creation; HERE.record[c].position = i; HERE.record[c].rejected = 0
              :: else
              fi;
#endif
#ifdef M_NO_REJECTIONS
              if :: REJECTED > 1 && c == REJECTED && i > HERE.tail -> HERE.record[c].rejected = 1 :: else fi
#else
              if :: REJECTED > 1 && c == REJECTED -> HERE.record[c].rejected = 1 :: else fi
#endif
           fi;
           i++
        :: else -> break
        od;
        HERE.entries = UP_TO(given[shown], upto);
        HERE.base = upto; HERE.tail = upto; HERE.published = upto
     :: else
     fi;
     HERE.adopted = HERE.generation;
     HERE.epoch = next_epoch; next_epoch++;
     given[HERE.epoch] = HERE.entries;
     i = 0; c = 0
  fi } }

/* append(change): the position it has, or a new one. */
inline append(s, change, fails, answer, its_epoch, its_position) { d_step {
  if
  :: HERE.creation != 0 && TO_ADOPT -> answer = ADOPT
  :: else ->
     if
#ifndef M_NO_RECORD_CHECK
     :: HERE.record[change].creation != 0 && HERE.creation != 0 && HERE.record[change].creation == HERE.creation ->
        its_epoch = HERE.epoch; its_position = HERE.record[change].position; answer = OK;
        PROMISE(1, AT(given[its_epoch], its_position) == change)   /* what is `known` is in the log */
#endif
#if !defined(M_FORGET_DELETED) && !defined(M_NO_RECORD_CHECK)
     :: HERE.record[change].creation != 0 && HERE.record[change].creation != HERE.creation -> answer = DELETED
#endif
     :: else ->
        if
        :: fails ->                                    /* RPUSH fails; Lua does not roll back */
           answer = FAILED;
#ifdef M_RECORD_FIRST
           if
           :: HERE.creation != 0 ->
              HERE.record[change].creation = HERE.creation; HERE.record[change].position = HERE.tail + 1
           :: else
           fi
#endif
        :: else ->
           if
           :: HERE.creation == 0 ->
              HERE.creation = next_creation; next_creation++;
              HERE.adopted = HERE.generation; HERE.epoch = next_epoch; next_epoch++;
              HERE.base = 0; HERE.tail = 0; HERE.published = 0; HERE.entries = 0
           :: else
           fi;
#if LIVES == 0
           PROMISE(7, ((gone >> change) & 1) == 0);
#endif
           PROMISE(1, !CONTAINS(HERE.entries, change));  /* not folded twice */
           HERE.tail++;
           HERE.entries = HERE.entries | PUT(change, HERE.tail);
           its_epoch = HERE.epoch; its_position = HERE.tail;
           PROMISE(2, AT(given[its_epoch], its_position) == 0);
           given[its_epoch] = given[its_epoch] | PUT(change, its_position);
           HERE.record[change].creation = HERE.creation;
           HERE.record[change].position = its_position;
           HERE.record[change].rejected = 0;
           answer = OK
        fi
     fi
  fi } }

/* read(epoch, position): what comes after it, or checkpoint and log if that epoch or position is not there. Leaves the reader at
 * what it has folded then; `from` is the position since which it has seen every change itself. */
inline read(s, my_epoch, my_position, from, one, answer) { d_step {
  if
  :: HERE.creation == 0 -> answer = NONE
  :: HERE.creation != 0 && TO_ADOPT -> answer = ADOPT
  :: else ->
     PROMISE(1, HERE.entries == given[HERE.epoch]);    /* all that was acknowledged in this epoch, in its order */
     if
     :: my_epoch != HERE.epoch || my_position < HERE.base || my_position > HERE.tail ->
        my_epoch = HERE.epoch; my_position = HERE.base; from = my_position
     :: else
     fi;
     if
     :: one && my_position < HERE.tail -> my_position++
     :: else -> my_position = HERE.tail
     fi;
     answer = OK
  fi } }

/* merged(epoch, from, position): a state is published; its rejections after `from` are written down first. */
inline merged(s, my_epoch, from, my_position, answer) { d_step {
  if
#ifdef M_MERGED_ANY
  :: HERE.creation == 0 || TO_ADOPT -> answer = STALE
#else
  :: HERE.creation == 0 || TO_ADOPT || HERE.epoch != my_epoch || my_position > HERE.tail -> answer = STALE
#endif
#ifndef M_NO_FROM
  :: HERE.creation != 0 && !TO_ADOPT && HERE.epoch == my_epoch && my_position <= HERE.tail &&
     from > HERE.published -> answer = STALE
#endif
  :: else ->
     if
     :: REJECTED > 1 && HERE.record[REJECTED].creation == HERE.creation && HERE.record[REJECTED].position > from &&
        HERE.record[REJECTED].position <= my_position &&
        AT(given[my_epoch], HERE.record[REJECTED].position) == REJECTED -> HERE.record[REJECTED].rejected = 1
     :: else
     fi;
     if :: my_position > HERE.published -> HERE.published = my_position :: else fi;
     answer = OK
  fi } }

/* checkpoint(epoch, position): the state replaces the head of the log, never beyond what is published. */
inline checkpoint(s, my_epoch, my_position) { d_step {
  if
#ifdef M_CHECKPOINT_ANY
  :: HERE.creation == 0 || TO_ADOPT || HERE.epoch != my_epoch || my_position > HERE.tail
#else
  :: HERE.creation == 0 || TO_ADOPT || HERE.epoch != my_epoch || my_position > HERE.published
#endif
  :: else -> if :: my_position > HERE.base -> HERE.base = my_position :: else fi
  fi } }

/* look: epoch and merged. */
inline look(s, its_epoch, its_merged, answer) { d_step {
  if
  :: HERE.creation == 0 -> answer = NONE
  :: HERE.creation != 0 && TO_ADOPT -> answer = ADOPT
  :: else ->
     its_epoch = HERE.epoch; its_merged = HERE.published; answer = OK;
     PROMISE(6, HERE.base <= HERE.published && HERE.published <= HERE.tail)
  fi } }

/* status(change): rejected if its record says so, applied if it does not and `merged` has passed it. */
inline status(s) { d_step {
  PROMISE(4, REJECTED == 1 || HERE.creation == 0 || TO_ADOPT || HERE.record[REJECTED].creation != HERE.creation ||
         HERE.record[REJECTED].position > HERE.published || HERE.record[REJECTED].rejected)
  } }

/* delete: state and log go, records stay. */
inline delete(s) { d_step {
  i = 1;
  do
  :: i <= CHANGES -> if :: CONTAINS(HERE.entries, i) -> gone = gone | (1 << i) :: else fi; i++
  :: else -> break
  od;
  i = 0;
  HERE.creation = 0; HERE.adopted = 0; HERE.epoch = 0; HERE.base = 0; HERE.tail = 0; HERE.published = 0; HERE.entries = 0 } }

/* ------------------------------------------------------------------------------------------------------------ the daemons */

/* A member of the dirty set. */
#define DIRTY(s) (redis[s].creation != 0 && redis[s].base < redis[s].tail)

#define FORGET epoch = 0; position = 0; from = 0; s = 0; answer = 0; one = 0

proctype Daemon() {
  byte epoch, position, from, snapshot, snapshot_at, s, answer, i, c;
  bit one;

end_idle:
  if
  :: atomic { CRASH && epoch != 0 -> crashes++; FORGET; goto end_idle } /* killed, or the document was evicted */
  :: atomic { DIRTY(primary) || (old_lives && DIRTY(1 - primary)) ->
       if
       :: DIRTY(primary) -> s = primary
       :: old_lives && DIRTY(1 - primary) -> s = 1 - primary
       fi;
       meet(s);
       if :: one = 1 :: one = 0 fi;
       read(s, epoch, position, from, one, answer);
       one = 0; s = 0;
       if
       :: answer == ADOPT -> answer = 0; goto get_snapshot
       :: answer == NONE -> FORGET; goto end_idle
       :: answer == OK -> answer = 0; goto publish
       fi }
  fi;

get_snapshot:
  atomic { true; snapshot = cached; snapshot_at = cached_at };
  atomic { reach(s); adopt(s, snapshot, snapshot_at); s = 0; snapshot = 0; snapshot_at = 0; goto end_idle };

publish:
  if
#ifdef JOIN
  :: atomic { cached == epoch && cached_at > position -> position = cached_at; from = cached_at; goto publish }
#endif
  :: atomic { true; cached = epoch; cached_at = position }              /* however long ago it was folded */
  :: atomic { CRASH -> crashes++ }                                      /* memcached does not answer: go on without it */
  fi;
  if
  :: atomic { true;
       reach(s); merged(s, epoch, from, position, answer); s = 0;
       if
       :: answer == OK -> answer = 0; from = position
       :: else -> FORGET; goto end_idle
       fi }
  :: atomic { CRASH -> crashes++; FORGET; goto end_idle }
#ifdef M_CHECKPOINT_ANY
  :: CRASH                                                              /* the answer to `merged` does not come */
#endif
  fi;
  if
  :: atomic { true; reach(s); checkpoint(s, epoch, position); s = 0; goto end_idle }
  :: atomic { !calm && position != 0 -> goto end_idle }                 /* later */
  fi
}

/* -------------------------------------------------------------------------------------------------------- the poll server */

/* Something that the table does not know yet: found by a hint, by the re-check, or because the table is empty. */
#define NEWS(s) (redis[s].life != redis[s].known || (redis[s].creation == 0 && table != 0) || (redis[s].creation != 0 && \
  (redis[s].adopted != redis[s].generation || redis[s].epoch != table || redis[s].published > table_at)))

/* What was fetched goes into the table unless the table has more of the same epoch: no answer falls below the ones before. */
inline keep(epoch_, position_) {
#ifdef M_NO_FLOOR
  table = epoch_; table_at = position_
#else
  if
  :: table == epoch_ && table_at >= position_
  :: else -> table = epoch_; table_at = position_
  fi
#endif
}

#define DONE epoch = 0; published = 0; position = 0; from = 0; snapshot = 0; snapshot_at = 0; s = 0; answer = 0

proctype Poll() {
  byte epoch, published, position, from, snapshot, snapshot_at, s, answer, i, c;

end_idle:
  if
  :: atomic { CRASH && table != 0 -> crashes++; table = 0; table_at = 0; goto end_idle }  /* evicted, or started again */
  :: atomic { NEWS(primary) || (old_lives && NEWS(1 - primary)) ->
       if
       :: NEWS(primary) -> s = primary
       :: old_lives && NEWS(1 - primary) -> s = 1 - primary
       fi;
       meet(s); look(s, epoch, published, answer); status(s);
       if
       :: answer == ADOPT -> DONE; goto get_snapshot
       :: answer == NONE -> DONE; table = 0; table_at = 0; goto end_idle
       :: answer == OK -> answer = 0; s = 0
       fi }
  fi;

  /* memcached is believed if its epoch is the one Redis just said, its position is not behind what is published, nor behind what
   * the client brought in If-None-Match; else checkpoint and log are folded. */
  atomic { true;
    if
#if defined(M_TRUST_CACHE)
    :: cached == epoch ->
#elif defined(M_NO_FLOOR)
    :: cached == epoch && cached_at >= published ->
#else
    :: cached == epoch && cached_at >= published && !(hand == epoch && cached_at < hand_at) ->
#endif
       PROMISE(3, cached_at >= published || (table == epoch && table_at >= published));
       keep(epoch, cached_at); DONE; goto end_idle
    :: else -> epoch = 0; published = 0
    fi };

  atomic { true;
    reach(s); read(s, epoch, position, from, 0, answer);
    if
    :: answer == ADOPT -> DONE; goto get_snapshot
    :: answer == NONE -> DONE; table = 0; table_at = 0; goto end_idle
    :: answer == OK -> from = 0; s = 0; answer = 0
    fi };
  atomic { true; keep(epoch, position); DONE; goto end_idle };

get_snapshot:
  atomic { true; snapshot = cached; snapshot_at = cached_at };
  atomic { reach(s); adopt(s, snapshot, snapshot_at); DONE; goto end_idle }
}

/* -------------------------------------------------------------------------------------------------------------- the client */

#define ANY(what) (stage[1] == (what) || (CHANGES > 1 && stage[CHANGES] == (what)))
#define PICK(what) if :: stage[1] == (what) -> change = 1 :: CHANGES > 1 && stage[CHANGES] == (what) -> change = CHANGES fi
#define NOT_OF_HAND(change_) (stage[change_] == WAITING && receipt[change_] != hand)

/* A client does not go back to an epoch it left: another server may still be on the Redis of before. But the one it went to may
 * have been that one, so when an epoch has been all it is answered for a while, it goes there, never below what it had there. */
#ifdef M_NEVER_BACK
#define MAY_GO_TO(epoch_, position_) (left[epoch_] == 0)
#else
#define MAY_GO_TO(epoch_, position_) (left[epoch_] == 0 || (calm && position_ + 1 >= left[epoch_]))
#endif

inline confirm(change_) {
  PROMISE(5, CONTAINS(UP_TO(given[hand], hand_at), change_));
  stage[change_] = CONFIRMED; receipt[change_] = 0; receipt_at[change_] = 0
}

/* Dropped at a state of the receipt's epoch at or past its position; sent again if the state is of another epoch. */
inline settle(change_) {
  if
#ifdef M_DROP_ANY
  :: stage[change_] == WAITING && hand_at >= receipt_at[change_] -> confirm(change_)
#else
  :: stage[change_] == WAITING && hand == receipt[change_] && hand_at >= receipt_at[change_] -> confirm(change_)
#endif
  :: else ->
     if :: NOT_OF_HAND(change_) -> again(change_) :: else fi
  fi
}

inline again(change_) { stage[change_] = TO_SEND; receipt[change_] = 0; receipt_at[change_] = 0 }

proctype Client() {
  byte change, epoch, position, snapshot, snapshot_at, s, answer, i, c, failures;
  byte left[EPOCHS + 1];         /* 1 + what it had of an epoch when it left that */
  bit fails;

end_idle:
  if
  :: atomic { ANY(TO_SEND) ->
       PICK(TO_SEND);
       sent = sent | (1 << change);
       if
       :: fails = 0
       :: !calm && failures < FAILURES -> fails = 1; failures++
       fi;
       reach(s); append(s, change, fails, answer, epoch, position); s = 0; fails = 0;
       if
       :: answer == OK ->
          if
          :: stage[change] = ANSWERED; receipt[change] = epoch; receipt_at[change] = position
          :: CRASH -> crashes++                                         /* the answer is lost: the same change again */
          fi
       :: answer == DELETED -> stage[change] = REFUSED
       :: answer == FAILED
       :: answer == ADOPT -> change = 0; answer = 0; goto get_snapshot
       fi;
       change = 0; answer = 0; epoch = 0; position = 0; goto end_idle }

  :: atomic { ANY(ANSWERED) ->                                          /* maybe after the state that shows the change */
       PICK(ANSWERED);
       stage[change] = WAITING;
       if
       :: hand == receipt[change] && hand_at >= receipt_at[change] -> confirm(change)
       :: else
       fi;
       change = 0; goto end_idle }

  :: atomic { table != 0 && MAY_GO_TO(table, table_at) &&
#ifdef M_NO_FLOOR
              (table != hand || table_at != hand_at) ->
#else
              (table != hand || table_at > hand_at) ->                  /* less than the client has: the server looks again */
#endif
       PROMISE(3, table != hand || table_at >= hand_at);
       if :: hand != 0 && hand != table -> left[hand] = hand_at + 1 :: else fi;
       hand = table; hand_at = table_at; left[hand] = 0;
       settle(1);
#if CHANGES > 1
       settle(2);
#endif
       goto end_idle }

#ifndef M_304_IGNORED
  :: atomic { table != 0 && table == hand && table_at == hand_at && (NOT_OF_HAND(1) || NOT_OF_HAND(CHANGES)) ->
       if :: NOT_OF_HAND(1) -> again(1) :: else -> again(CHANGES) fi;
       goto end_idle }
#endif

#ifndef M_404_IGNORED
  :: atomic { ANY(WAITING) && redis[primary].life == redis[primary].known && redis[primary].creation == 0 ->
       if :: stage[1] == WAITING -> again(1) :: else -> again(CHANGES) fi;
       goto end_idle }
#endif
  fi;

get_snapshot:
  atomic { true; snapshot = cached; snapshot_at = cached_at };
  atomic { reach(s); adopt(s, snapshot, snapshot_at); s = 0; snapshot = 0; snapshot_at = 0; goto end_idle }
}

/* -------------------------------------------------------------------------------------------------------------- the world */

/* A request that was on its way all the time. */
proctype Late() {
  byte n, s, answer, epoch, position;
end_idle:
  do
  :: atomic { !calm && n < DUPLICATES && (sent & 2) ->
       reach(s); append(s, 1, 0, answer, epoch, position); n++; s = 0; answer = 0; epoch = 0; position = 0 }
  :: calm || n == DUPLICATES -> break
  od
}

inline copy(to, origin) {
  redis[to].life = redis[origin].life; redis[to].known = redis[origin].known; redis[to].generation = redis[origin].generation;
  redis[to].creation = redis[origin].creation; redis[to].adopted = redis[origin].adopted; redis[to].epoch = redis[origin].epoch;
  redis[to].base = redis[origin].base; redis[to].tail = redis[origin].tail; redis[to].published = redis[origin].published;
  redis[to].entries = redis[origin].entries;
  i = 1;
  do
  :: i <= CHANGES ->
     redis[to].record[i].creation = redis[origin].record[i].creation;
     redis[to].record[i].position = redis[origin].record[i].position;
     redis[to].record[i].rejected = redis[origin].record[i].rejected; i++
  :: else -> break
  od;
  i = 0 }

inline clear(which) {
  redis[which].life = 0; redis[which].known = 0; redis[which].generation = 0; redis[which].creation = 0;
  redis[which].adopted = 0; redis[which].epoch = 0; redis[which].base = 0; redis[which].tail = 0; redis[which].published = 0;
  redis[which].entries = 0;
  i = 1;
  do
  :: i <= CHANGES ->
     redis[which].record[i].creation = 0; redis[which].record[i].position = 0; redis[which].record[i].rejected = 0; i++
  :: else -> break
  od;
  i = 0 }

proctype World() {
  byte lives, wipes, deletes, i;
  bit behind;                    /* the replica, or the file, no longer follows: what comes now is lost with the next life */
  do
  :: lives < LIVES && !behind && !old_lives -> d_step { copy(1 - primary, primary); behind = 1 }
  :: behind -> atomic {
       behind = 0; lives++; primary = 1 - primary;
       redis[primary].life = next_life; next_life++;
#ifdef SPLIT
       if :: old_lives = 1 :: d_step { clear(1 - primary) } fi;
#else
       d_step { clear(1 - primary) };
#endif
#ifdef M_LIFE_UNCHECKED
       if :: in_place = 1 :: in_place = 0 fi
#endif
     }
  :: old_lives -> d_step { old_lives = 0; clear(1 - primary) }
  :: wipes < WIPES && cached != 0 -> d_step { cached = 0; cached_at = 0; wipes++ }
  :: deletes < DELETES && redis[primary].creation != 0 && redis[primary].life == redis[primary].known &&
     redis[primary].adopted == redis[primary].generation -> atomic { delete(primary); deletes++ }
  :: break
  od;
  skip;
  d_step {
    if :: behind || old_lives -> clear(1 - primary) :: else fi;
    behind = 0; old_lives = 0; lives = 0; wipes = 0; deletes = 0; calm = 1 }
}

/* When nothing moves any more. */
proctype Judge() {
end_wait:
  atomic { timeout ->
    PROMISE(8, stage[1] == CONFIRMED || (stage[1] == REFUSED && DELETES > 0));
    PROMISE(8, stage[CHANGES] == CONFIRMED || (stage[CHANGES] == REFUSED && DELETES > 0));
    PROMISE(4, redis[primary].creation == 0 || redis[primary].published == redis[primary].tail);
    PROMISE(1, LIVES + DELETES > 0 ||
      (CONTAINS(redis[primary].entries, 1) && CONTAINS(redis[primary].entries, CHANGES)))
  }
}

init { atomic {
  redis[0].life = 1; redis[0].known = 1; redis[0].generation = 1;
#ifdef EXISTS
  redis[0].creation = next_creation; next_creation++;
  redis[0].adopted = 1; redis[0].epoch = next_epoch; next_epoch++;
#endif
  run World(); run Daemon();
#if DAEMONS > 1
  run Daemon();
#endif
#if DUPLICATES > 0
  run Late();
#endif
#ifndef UNSEEN
  run Poll(); run Judge();
#endif
  run Client()
} }
