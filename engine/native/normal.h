/* Layers that normalise, and sums of a long row: engine/wasm/assembly/normal.ts. */

/** Sixteen chains, element i to chain i mod 16, folded in halves: s[l] + s[l+8], then + [l+4], + [l+2], + [l+1]. */
static inline float folded(float *s) {
  for (int half = 8; half > 0; half >>= 1)
    for (int l = 0; l < half; l++) s[l] = s[l] + s[l + half];
  return s[0];
}

#define SUM_OF(NAME, ARGUMENTS, TERM)                                     \
  static inline float NAME ARGUMENTS {                                    \
    float s[16] = {0};                                                    \
    int i = 0;                                                            \
    for (; i + 16 <= n; i += 16)                                          \
      for (int l = 0; l < 16; l++) {                                      \
        int at = i + l;                                                   \
        s[l] = s[l] + (TERM);                                             \
      }                                                                   \
    for (int l = 0; i + l < n; l++) {                                     \
      int at = i + l;                                                     \
      s[l] = s[l] + (TERM);                                               \
    }                                                                     \
    return folded(s);                                                     \
  }
SUM_OF(sum_plain, (int n, const float *x), x[at])
SUM_OF(sum_squares, (int n, const float *x), x[at] * x[at])
SUM_OF(sum_deviations, (int n, const float *x, float mean), (x[at] - mean) * (x[at] - mean))
SUM_OF(sum_products, (int n, const float *a, const float *b), a[at] * b[at])
SUM_OF(sum_scaled, (int n, const float *a, const float *b, const float *c), (a[at] * b[at]) * c[at])

/** gamma and beta may be 0. Stats: mean and 1/√(variance + ε) of every row. */
static void layer_norm(int rows, int N, const float *x, const float *gamma, const float *beta, float epsilon, float *stats, float *out) {
  float share = 1.0f / (float)N;
  for (int r = 0; r < rows; r++, x += N, out += N, stats += 2) {
    float mean = sum_plain(N, x) * share;
    float inverse = 1.0f / sqrtf(sum_deviations(N, x, mean) * share + epsilon);
    stats[0] = mean;
    stats[1] = inverse;
    EACH(j, N) {
      float y = (x[j] - mean) * inverse;
      if (gamma) y = y * gamma[j];
      if (beta) y = y + beta[j];
      out[j] = y;
    }
  }
}

/** Turns stand-ins: `normal` has room for two rows. dx may be 0, as may gamma's and beta's gradients. */
static void layer_norm_gradient(int rows, int N, const float *x, const float *gamma, const float *stats, const float *error, float *room, float *dgamma, float *dbeta, float *dx) {
  float share = 1.0f / (float)N, *normal = room, *d = room + N;
  if (dgamma) memset(dgamma, 0, (size_t)N * 4);
  if (dbeta) memset(dbeta, 0, (size_t)N * 4);
  for (int r = 0; r < rows; r++, x += N, error += N, stats += 2) {
    float mean = stats[0], inverse = stats[1];
    EACH(j, N) normal[j] = (x[j] - mean) * inverse;
    if (dgamma) EACH(j, N) dgamma[j] += error[j] * normal[j];
    if (dbeta) EACH(j, N) dbeta[j] += error[j];
    if (!dx) continue;
    EACH(j, N) d[j] = gamma ? error[j] * gamma[j] : error[j];
    float a = sum_plain(N, d) * share, b = sum_products(N, d, normal) * share;
    EACH(j, N) dx[j] = inverse * ((d[j] - a) - normal[j] * b);
    dx += N;
  }
}

static void normalised(int rows, int N, const float *x, const float *gamma, const float *beta, const float *mean, const float *inverse, float *out) {
  for (int r = 0; r < rows; r++, x += N, out += N)
    EACH(j, N) {
      float y = (x[j] - mean[j]) * inverse[j];
      if (gamma) y = y * gamma[j];
      if (beta) y = y + beta[j];
      out[j] = y;
    }
}

/** Stats: mean, 1/√(variance + ε), variance of every column, and room for another row. */
static void batch_norm(int rows, int N, const float *x, const float *gamma, const float *beta, float epsilon, float *stats, float *out) {
  float share = 1.0f / (float)rows, *mean = stats, *inverse = stats + N, *variance = stats + 2 * N;
  memset(mean, 0, (size_t)N * 4);
  memset(variance, 0, (size_t)N * 4);
  for (int r = 0; r < rows; r++) EACH(j, N) mean[j] += x[(long)r * N + j];
  EACH(j, N) mean[j] *= share;
  for (int r = 0; r < rows; r++)
    EACH(j, N) {
      float d = x[(long)r * N + j] - mean[j];
      variance[j] += d * d;
    }
  EACH(j, N) {
    variance[j] *= share;
    inverse[j] = 1.0f / sqrtf(variance[j] + epsilon);
  }
  normalised(rows, N, x, gamma, beta, mean, inverse, out);
}

/** With what moved along the batches, in place of the batch's own. */
static void batch_norm_fixed(int rows, int N, const float *x, const float *gamma, const float *beta, const float *mean, const float *variance, float epsilon, float *stats, float *out) {
  float *inverse = stats + N;
  EACH(j, N) inverse[j] = 1.0f / sqrtf(variance[j] + epsilon);
  normalised(rows, N, x, gamma, beta, mean, inverse, out);
}

/** The sums of error and of error times what was normalised go to gradients, or to the room where there are none. */
static void batch_norm_gradient(int rows, int N, const float *x, const float *gamma, float *stats, float *room, const float *error, float *dgamma, float *dbeta, float *dx) {
  const float *mean = stats, *inverse = stats + N;
  float share = 1.0f / (float)rows, *sums = room, *products = room + N;
  memset(sums, 0, (size_t)N * 4);
  memset(products, 0, (size_t)N * 4);
  for (int r = 0; r < rows; r++)
    EACH(j, N) {
      long at = (long)r * N + j;
      sums[j] += error[at];
      products[j] += error[at] * ((x[at] - mean[j]) * inverse[j]);
    }
  if (dgamma) memcpy(dgamma, products, (size_t)N * 4);
  if (dbeta) memcpy(dbeta, sums, (size_t)N * 4);
  if (!dx) return;
  EACH(j, N) {
    sums[j] *= share;
    products[j] *= share;
  }
  for (int r = 0; r < rows; r++)
    EACH(j, N) {
      long at = (long)r * N + j;
      float slope = gamma ? inverse[j] * gamma[j] : inverse[j];
      dx[at] = slope * ((error[at] - sums[j]) - ((x[at] - mean[j]) * inverse[j]) * products[j]);
    }
}

/** How far a moving average is from the batch, times what it goes of that way. */
static void moving_gradient(int n, const float *moving, const float *batch, float part, float *g) {
  EACH(i, n) g[i] = (moving[i] - batch[i]) * part;
}
