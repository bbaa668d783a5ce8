#ifndef CISTERN_HIREDIS_SHIM_H
#define CISTERN_HIREDIS_SHIM_H

#include <hiredis/hiredis.h>

#endif
