#include "CChecksum.h"

#include <string.h>

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define CRC __attribute__((target("sse4.2")))
#define MULTIPLY __attribute__((target("sse4.2,pclmul")))
#define crc_word(crc, word) ((uint32_t)_mm_crc32_u64((crc), (word)))
#define crc_byte(crc, byte) _mm_crc32_u8((crc), (byte))

int cchecksum_instructions(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_2)) return 0;
    return c & bit_PCLMUL ? 2 : 1;
}

MULTIPLY static uint64_t carryless_product(uint32_t a, uint32_t b) {
    return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_cvtsi32_si128((int)a), _mm_cvtsi32_si128((int)b), 0));
}

#elif defined(__aarch64__)

#include <arm_acle.h>
#include <arm_neon.h>

#if defined(__linux__)
#include <sys/auxv.h>

int cchecksum_instructions(void) {
    const unsigned long pmull = 1 << 4, crc32 = 1 << 7;
    unsigned long has = getauxval(AT_HWCAP);
    if (!(has & crc32)) return 0;
    return has & pmull ? 2 : 1;
}
#elif defined(__APPLE__)
int cchecksum_instructions(void) { return 2; }
#else
int cchecksum_instructions(void) { return 0; }
#endif

#define CRC __attribute__((target("crc")))
#define MULTIPLY __attribute__((target("crc,aes")))
#define crc_word(crc, word) __crc32cd((crc), (word))
#define crc_byte(crc, byte) __crc32cb((crc), (byte))

MULTIPLY static uint64_t carryless_product(uint32_t a, uint32_t b) {
    return (uint64_t)vmull_p64((poly64_t)a, (poly64_t)b);
}

#else

#define CRC
#define MULTIPLY
#define crc_word(crc, word) ((void)(word), (crc))
#define crc_byte(crc, byte) ((void)(byte), (crc))

int cchecksum_instructions(void) { return 0; }

static uint64_t carryless_product(uint32_t a, uint32_t b) { return 0 * a * b; }

#endif

static inline uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

CRC uint32_t cchecksum_run(uint32_t crc, const uint8_t *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) crc = crc_word(crc, word_at(bytes));
    for (; count > 0; bytes++, count--) crc = crc_byte(crc, *bytes);
    return crc;
}

CRC cchecksum_three cchecksum_run_three(uint32_t crc, const uint8_t *bytes, size_t count) {
    cchecksum_three three = {crc, 0, 0};
    for (const uint8_t *end = bytes + count; bytes < end; bytes += 8) {
        three.first = crc_word(three.first, word_at(bytes));
        three.second = crc_word(three.second, word_at(bytes + count));
        three.third = crc_word(three.third, word_at(bytes + 2 * count));
    }
    return three;
}

// The product of two reflected polynomials comes out shifted by one; the instruction itself reduces it, times x³².
MULTIPLY uint32_t cchecksum_multiply(uint32_t a, uint32_t b) {
    return crc_word(0, carryless_product(a, b) << 1);
}
