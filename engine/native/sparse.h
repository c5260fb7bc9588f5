/*
 * Products whose left side is mostly zeros, as data often are: engine/wasm/assembly/sparse.ts. A product with a zero adds
 * ±0 to a chain that is never −0, which changes nothing while the other factor is finite; so it is left out, and the bits
 * are those of gemm.
 *
 * Lists: rows + 1 begins into the row lists, columns + 1 begins into the column lists, `most` indices of each, and `most`
 * values as the columns have them.
 */

static inline int all_finite(long n, const float *x) {
  int32_t worst = 0;
  const int32_t *bits = (const int32_t *)x;
  for (long i = 0; i < n; i++) worst = (bits[i] & 0x7fffffff) > worst ? bits[i] & 0x7fffffff : worst;
  return worst < 0x7f800000;
}

/** A look at the beginning saves the rest where there is nothing to gain. */
static inline int mostly_full(long n, const float *x) {
  int there = 0, looked = n < 2048 ? (int)n : 2048;
  for (int i = 0; i < looked; i++) there += x[i] != 0;
  return there * 4 > looked * 3;
}

/** Answers how many are not zero, or −1 when they are more than `most` or not all finite. */
static int sparse_lists(int M, int K, const float *x, int32_t *lists, int most) {
  int32_t *row_begin = lists, *column_begin = lists + M + 1, *in_row = column_begin + K + 1, *in_column = in_row + most;
  float *value = (float *)(in_column + most);
  const float *all = x;
  int count = 0;
  if (mostly_full((long)M * K, x) || !all_finite((long)M * K, x)) return -1;
  memset(column_begin, 0, (size_t)(K + 1) * 4);
  for (int i = 0; i < M; i++, x += K) {
    row_begin[i] = count;
    if (count + K + L <= most) {
      int k = 0;
#if defined __AVX512F__
      const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
      for (; k + 16 <= K; k += 16) {
        __mmask16 there = _mm512_cmp_ps_mask(_mm512_loadu_ps(x + k), _mm512_setzero_ps(), _CMP_NEQ_UQ);
        _mm512_storeu_si512(in_row + count, _mm512_maskz_compress_epi32(there, _mm512_add_epi32(lanes, _mm512_set1_epi32(k))));
        count += __builtin_popcount(there);
      }
#endif
      /* Each is written, and kept by moving on: no branch. */
      for (; k < K; k++) {
        in_row[count] = k;
        count += x[k] != 0;
      }
    } else {
      for (int k = 0; k < K; k++) {
        if (x[k] == 0) continue;
        if (count == most) return -1;
        in_row[count++] = k;
      }
    }
  }
  row_begin[M] = count;
  for (int e = 0; e < count; e++) column_begin[in_row[e] + 1]++;
  for (int k = 0; k < K; k++) column_begin[k + 1] += column_begin[k];
  for (int i = 0; i < M; i++)
    for (int e = row_begin[i]; e < row_begin[i + 1]; e++) {
      int to = column_begin[in_row[e]]++;
      in_column[to] = i;
      value[to] = all[(long)i * K + in_row[e]];
    }
  /* The begins have moved to the ends: back by one column. */
  memmove(column_begin + 1, column_begin, (size_t)K * 4);
  column_begin[0] = 0;
  return count;
}

/** Columns of a tile in vectors, bytes of the right side that stay in the nearest cache, rows of the left that share them. */
enum { WIDE = 8, CACHED = 24576, GROUP = 256 };

#define SPARSE_TILE(NV, AT)                                                                 \
  for (int e = begin; e < end; e++) {                                                       \
    float f = VALUE;                                                                        \
    const float *r = AT;                                                                    \
    _Pragma("GCC unroll 8") for (int v = 0; v < NV; v++) acc[v] += f * *(const vec *)(r + v * L); \
  }

/** C = bias + X·W, both whole rows. Answers 0 when a bias is −0, which only gemm may have. */
static int sparse_product(int M, int N, int K, const float *x, const int32_t *lists, const float *w, const float *bias, float *c, int relu) {
  const int32_t *row_begin = lists, *in_row = lists + M + 1 + K + 1;
  static const float nothing[WIDE * L];
  if (bias)
    for (int j = 0; j < N; j++)
      if (bias[j] == 0 && signbit(bias[j])) return 0;
  int whole = N / L * L;
  for (int top = 0; top < M; top += GROUP)
    for (int j = 0; j < whole;) {
      int nv = (whole - j) / L >= WIDE ? WIDE : (whole - j) / L >= 4 ? 4 : 1, block = CACHED / 4 / (nv * L), behind = M - top < GROUP ? M : top + GROUP;
      /* How far each row's list is read. */
      int at[GROUP];
      memcpy(at, row_begin + top, (size_t)(behind - top) * 4);
      for (int k0 = 0; k0 < K; k0 += block) {
        int first = k0 == 0, last = k0 + block >= K;
        for (int i = top; i < behind; i++) {
          const float *xi = x + (long)i * K;
          float *o = c + (long)i * N + j;
          const float *s = first ? (bias ? bias + j : nothing) : o;
          int begin = at[i - top], end = row_begin[i + 1];
          if (!last) {
            int stop = end;
            for (end = begin; end < stop && in_row[end] < k0 + block;) end++;
          }
          at[i - top] = end;
          vec acc[WIDE];
#define VALUE xi[in_row[e]]
#define ROW w + (long)in_row[e] * N + j
#define BY(NV)                                                                       \
  {                                                                                  \
    for (int v = 0; v < NV; v++) acc[v] = *(const vec *)(s + v * L);                 \
    SPARSE_TILE(NV, ROW)                                                             \
    for (int v = 0; v < NV; v++) {                                                   \
      vec y = acc[v];                                                                \
      if (relu && last) y = (vec)((ivec)y & ~(ivec)(y < (vec){0}));                  \
      *(vec *)(o + v * L) = y;                                                       \
    }                                                                                \
  }
          if (nv == WIDE) BY(WIDE) else if (nv == 4) BY(4) else BY(1)
#undef BY
#undef ROW
#undef VALUE
        }
      }
      j += nv * L;
    }
  if (whole < N)
    for (int i = 0; i < M; i++)
      for (int j = whole; j < N; j++) {
        float s = bias ? bias[j] : 0;
        for (int e = row_begin[i]; e < row_begin[i + 1]; e++) s += x[(long)i * K + in_row[e]] * w[(long)in_row[e] * N + j];
        c[(long)i * N + j] = relu && s < 0 ? 0.0f : s;
      }
  return 1;
}

/** G = Xᵀ·E. Answers 0 when an error is not finite. */
static int sparse_gradient(int M, int N, int K, const int32_t *lists, int most, const float *error, float *g) {
  const int32_t *column_begin = lists + M + 1, *in_column = column_begin + K + 1 + most;
  const float *value = (const float *)(in_column + most);
  if (!all_finite((long)M * N, error)) return 0;
  int whole = N / L * L;
  for (int j = 0; j < whole;) {
    int left = (whole - j) / L, nv = left >= WIDE && (long)M * WIDE * L * 4 <= CACHED ? WIDE : left >= 4 ? 4 : 1;
    for (int k = 0; k < K; k++) {
      int begin = column_begin[k], end = column_begin[k + 1];
      float *o = g + (long)k * N + j;
      vec acc[WIDE];
#define VALUE value[e]
#define ROW error + (long)in_column[e] * N + j
#define BY(NV)                                                       \
  {                                                                  \
    for (int v = 0; v < NV; v++) acc[v] = (vec){0};                  \
    SPARSE_TILE(NV, ROW)                                             \
    for (int v = 0; v < NV; v++) *(vec *)(o + v * L) = acc[v];       \
  }
      if (nv == WIDE) BY(WIDE) else if (nv == 4) BY(4) else BY(1)
#undef BY
#undef ROW
#undef VALUE
    }
    j += nv * L;
  }
  for (int j = whole; j < N; j++)
    for (int k = 0; k < K; k++) {
      float s = 0;
      for (int e = column_begin[k]; e < column_begin[k + 1]; e++) s += value[e] * error[(long)in_column[e] * N + j];
      g[(long)k * N + j] = s;
    }
  return 1;
}
