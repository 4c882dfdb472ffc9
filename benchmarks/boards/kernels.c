/* Ten kernels as a C programmer would write them, to count instructions beside ours (benchmarks/boards/kernels.py, the same names). */
#include <stdint.h>

/* A finite impulse response filter: y[i] = sum of h[k] * x[i + k]. */
void fir(const double *x, int64_t n, const double *h, int64_t taps, double *y)
{
    for (int64_t i = 0; i + taps <= n; i++) {
        double s = 0.0;
        for (int64_t k = 0; k < taps; k++)
            s += h[k] * x[i + k];
        y[i] = s;
    }
}

/* c = a b for n x n matrices in row order. */
void matmul(const double *a, const double *b, double *c, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double s = 0.0;
            for (int64_t k = 0; k < n; k++)
                s += a[i * n + k] * b[k * n + j];
            c[i * n + j] = s;
        }
}

/* CRC-32 (the one of zip), a bit at a time. */
uint32_t crc32(const uint8_t *data, int64_t n)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (int64_t i = 0; i < n; i++) {
        crc ^= data[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

/* Sorts by insertion. */
void insertion_sort(int64_t *a, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        int64_t x = a[i], j = i - 1;
        while (j >= 0 && a[j] > x) {
            a[j + 1] = a[j];
            j--;
        }
        a[j + 1] = x;
    }
}

/* How many primes there are below n; composite is a flag for each number. */
int64_t sieve(uint8_t *composite, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 2; i < n; i++) {
        if (composite[i])
            continue;
        count++;
        for (int64_t j = i * i; j < n; j += i)
            composite[j] = 1;
    }
    return count;
}

/* Counts how often each byte occurs. */
void histogram(const uint8_t *data, int64_t n, int64_t *counts)
{
    for (int64_t i = 0; i < n; i++)
        counts[data[i]]++;
}

/* The longest Collatz sequence that starts below n. */
int64_t collatz(int64_t n)
{
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++) {
        int64_t x = i, steps = 0;
        while (x != 1) {
            x = x % 2 == 0 ? x / 2 : 3 * x + 1;
            steps++;
        }
        if (steps > best)
            best = steps;
    }
    return best;
}

/* The distance of Levenshtein between two strings; row has m + 1 places. */
int64_t levenshtein(const uint8_t *a, int64_t n, const uint8_t *b, int64_t m, int64_t *row)
{
    for (int64_t j = 0; j <= m; j++)
        row[j] = j;
    for (int64_t i = 1; i <= n; i++) {
        int64_t diagonal = row[0];
        row[0] = i;
        for (int64_t j = 1; j <= m; j++) {
            int64_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            int64_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < other ? change : other;
        }
    }
    return row[m];
}

/* Iterations of z = z^2 + c summed over a grid of n x n points. */
int64_t mandelbrot(int64_t n, int64_t limit)
{
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double cr = 3.0 * j / n - 2.0, ci = 2.0 * i / n - 1.0;
            double zr = 0.0, zi = 0.0;
            int64_t k = 0;
            while (k < limit && zr * zr + zi * zi <= 4.0) {
                double t = zr * zr - zi * zi + cr;
                zi = 2.0 * zr * zi + ci;
                zr = t;
                k++;
            }
            total += k;
        }
    return total;
}

/* A sweep of the heat equation in two dimensions, n x n. */
void heat(const float *a, float *b, int64_t n)
{
    for (int64_t i = 1; i < n - 1; i++)
        for (int64_t j = 1; j < n - 1; j++)
            b[i * n + j] = 0.25f * (a[(i - 1) * n + j] + a[(i + 1) * n + j] + a[i * n + j - 1] + a[i * n + j + 1]);
}
