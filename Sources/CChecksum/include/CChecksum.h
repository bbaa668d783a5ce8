// What Swift cannot say: the processor's own instructions for CRC-32C. Whoever calls these has asked first what the processor has;
// Sources/Fold/Checksum.swift does, and has tables for all others.

#ifndef CCHECKSUM_H
#define CCHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// 0: neither of the functions below may be called. 1: only the first two. 2: all.
int cchecksum_instructions(void);

/// Goes on from `crc`, which is the bare register: no inversion before or after.
uint32_t cchecksum_run(uint32_t crc, const uint8_t *bytes, size_t count);

typedef struct {
    uint32_t first, second, third;
} cchecksum_three;

/// Three stretches of `count` bytes that lie behind each other, at the same time: the instruction takes three cycles, but can begin
/// anew in each. `count` is a multiple of 8. The first stretch goes on from `crc`, the others begin with zero.
cchecksum_three cchecksum_run_three(uint32_t crc, const uint8_t *bytes, size_t count);

/// a × b × x³² modulo the polynomial, all of them in reflected bits.
uint32_t cchecksum_multiply(uint32_t a, uint32_t b);

#endif
