#define _GNU_SOURCE
#include "CSpawn.h"
#include <sys/resource.h>

int cspawn_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int cspawn_limit_files(pid_t pid, long bytes) {
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
    return prlimit(pid, RLIMIT_FSIZE, &limit, NULL);
}
