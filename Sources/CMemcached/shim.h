// libmemcached 1.1 from Debian's libmemcached-dev. Only the module Memcached imports this.
// Without pkg-config on purpose: its answer also links libmemcachedutil and libsasl2, of which nothing is used.

#include <libmemcached/memcached.h>
