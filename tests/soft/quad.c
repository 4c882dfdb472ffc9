/* The C compiler's quad and half precision, one function per operation, on 16-byte slots: (result, operands...). */
#include <quadmath.h>
#include <string.h>

typedef __float128 f128;
typedef _Float16 f16;
typedef __int128 i128;
typedef unsigned __int128 u128;

#define GET(type, name, i) type name; memcpy(&name, slots + 16 * (i), sizeof name)
#define PUT(value) memset(slots, 0, 16); memcpy(slots, &(value), sizeof(value))
#define UNARY(name, from, to, e) void name(char *slots) { GET(from, x, 1); to r = e; PUT(r); }
#define BINARY(name, type, to, e) void name(char *slots) { GET(type, x, 1); GET(type, y, 2); to r = e; PUT(r); }

BINARY(f128_add, f128, f128, x + y)
BINARY(f128_sub, f128, f128, x - y)
BINARY(f128_mul, f128, f128, x * y)
BINARY(f128_div, f128, f128, x / y)
BINARY(f128_lt, f128, char, x < y)
BINARY(f128_eq, f128, char, x == y)
BINARY(f128_le, f128, char, x <= y)
UNARY(f128_sqrt, f128, f128, sqrtq(x))
UNARY(f128_floor, f128, f128, floorq(x))
UNARY(f128_ceil, f128, f128, ceilq(x))
UNARY(f128_trunc, f128, f128, truncq(x))
UNARY(f128_nearest, f128, f128, rintq(x))
UNARY(f128_to_f64, f128, double, (double)x)
UNARY(f128_to_f32, f128, float, (float)x)
UNARY(f64_to_f128, double, f128, (f128)x)
UNARY(f32_to_f128, float, f128, (f128)x)
UNARY(sint_to_f128, i128, f128, (f128)x)
UNARY(uint_to_f128, u128, f128, (f128)x)
UNARY(sint_to_f64, i128, double, (double)x)
UNARY(uint_to_f32, u128, float, (float)x)
BINARY(f16_add, f16, f16, x + y)
BINARY(f16_mul, f16, f16, x * y)
BINARY(f16_div, f16, f16, x / y)
UNARY(f64_to_f16, double, f16, (f16)x)
UNARY(f32_to_f16, float, f16, (f16)x)
UNARY(f16_to_f64, f16, double, (double)x)
BINARY(i128_sdiv, i128, i128, x / y)
BINARY(i128_urem, u128, u128, x % y)
