/* Gates of recurrent layers and attention: engine/wasm/assembly/{recurrent,attention}.ts. Gates stand side by side: z r h, or i f c o. */

static inline float gate(int kind, float x) { return kind == 3 ? own_sigmoid(x) : hard_sigmoid(x); }
/** The slope from the gate's output. */
static inline float gate_slope(int kind, float h) { return kind == 3 ? h * (1.0f - h) : h > 0 && h < 1.0f ? 0.2f : 0.0f; }

#define BY_GATE(...) if (kind == 3) { enum { K = 3 }; __VA_ARGS__ } else { enum { K = 6 }; __VA_ARGS__ }

static void gru_gates(int kind, int rows, int U, float *gates, const float *before, float *reset) {
  BY_GATE(
    for (int b = 0; b < rows; b++, gates += 3 * U, before += U, reset += U) {
      EACH(j, 2 * U) gates[j] = gate(K, gates[j]);
      EACH(j, U) reset[j] = gates[U + j] * before[j];
    }
  )
}

static void gru_state(int rows, int U, float *gates, const float *before, float *state) {
  for (int b = 0; b < rows; b++, gates += 3 * U, before += U, state += U)
    EACH(j, U) {
      float z = gates[j], h = own_tanh(gates[2 * U + j]);
      gates[2 * U + j] = h;
      state[j] = z * before[j] + (1.0f - z) * h;
    }
}

/** Of a state's error: z's and h's errors in their place, and what passes to the state before. */
static void gru_state_gradient(int kind, int rows, int U, float *gates, const float *before, const float *error, float *passed) {
  BY_GATE(
    for (int b = 0; b < rows; b++, gates += 3 * U, before += U, error += U, passed += U)
      EACH(j, U) {
        float z = gates[j], h = gates[2 * U + j], d = error[j];
        gates[j] = d * (before[j] - h) * gate_slope(K, z);
        gates[2 * U + j] = d * (1.0f - z) * (1.0f - h * h);
        passed[j] = d * z;
      }
  )
}

/** `share` is the error of the reset state. */
static void gru_reset_gradient(int kind, int rows, int U, float *gates, const float *before, const float *share, float *passed) {
  BY_GATE(
    for (int b = 0; b < rows; b++, gates += 3 * U, before += U, share += U, passed += U)
      EACH(j, U) {
        float r = gates[U + j];
        gates[U + j] = share[j] * before[j] * gate_slope(K, r);
        passed[j] = passed[j] + share[j] * r;
      }
  )
}

static void lstm_state(int kind, int rows, int U, float *gates, const float *before, float *cell, float *squashed, float *state) {
  BY_GATE(
    for (int b = 0; b < rows; b++, gates += 4 * U, before += U, cell += U, squashed += U, state += U)
      EACH(j, U) {
        float i = gate(K, gates[j]), f = gate(K, gates[U + j]), g = own_tanh(gates[2 * U + j]), o = gate(K, gates[3 * U + j]);
        gates[j] = i;
        gates[U + j] = f;
        gates[2 * U + j] = g;
        gates[3 * U + j] = o;
        float c = f * before[j] + i * g;
        cell[j] = c;
        squashed[j] = own_tanh(c);
        state[j] = o * squashed[j];
      }
  )
}

/** Gates become their errors; `carried`, the cell's error, becomes that of the cell before. */
static void lstm_state_gradient(int kind, int rows, int U, float *gates, const float *before, const float *squashed, const float *error, float *carried) {
  BY_GATE(
    for (int b = 0; b < rows; b++, gates += 4 * U, before += U, squashed += U, error += U, carried += U)
      EACH(j, U) {
        float i = gates[j], f = gates[U + j], g = gates[2 * U + j], o = gates[3 * U + j], t = squashed[j], d = error[j];
        float c = carried[j] + d * o * (1.0f - t * t);
        gates[j] = c * g * gate_slope(K, i);
        gates[U + j] = c * before[j] * gate_slope(K, f);
        gates[2 * U + j] = c * i * (1.0f - g * g);
        gates[3 * U + j] = d * t * gate_slope(K, o);
        carried[j] = c * f;
      }
  )
}

/* ---- attention: of every row and head, softmax(q·kᵀ·scale)·v ---- */

static void attention(int rows, int T, int heads, int kd, int vd, const float *q, const float *k, const float *v, float factor, int causal, float *packed, float *weights, float *out) {
  long K = (long)heads * kd, V = (long)heads * vd;
  for (int b = 0; b < rows; b++, q += T * K, k += T * K, v += T * V, out += T * V)
    for (int h = 0; h < heads; h++, weights += (long)T * T) {
      pack(kd, T, k + h * kd, 1, K, packed);
      product(T, T, kd, q + h * kd, K, 1, packed, weights, T, 0, 0, 0);
      for (int i = 0; i < T; i++) {
        float *s = weights + (long)i * T;
        int seen = causal ? i + 1 : T;
        EACH(j, seen) s[j] = s[j] * factor;
        float m = s[0];
        for (int j = 1; j < seen; j++) m = s[j] > m ? s[j] : m;
        EACH(j, seen) s[j] = own_exp(s[j] - m);
        float sum = sum_plain(seen, s);
        EACH(j, seen) s[j] = s[j] / sum;
        for (int j = seen; j < T; j++) s[j] = 0;
      }
      pack(T, vd, v + h * vd, V, 1, packed);
      product(T, vd, T, weights, T, 1, packed, out + h * vd, V, 0, 0, 0);
    }
}

static void attention_gradient(int rows, int T, int heads, int kd, int vd, const float *q, const float *k, const float *v, float factor, float *packed, float *scores, const float *weights, const float *error, float *dq, float *dk, float *dv) {
  long K = (long)heads * kd, V = (long)heads * vd;
  for (int b = 0; b < rows; b++, q += T * K, k += T * K, v += T * V, error += T * V, dq += T * K, dk += T * K, dv += T * V)
    for (int h = 0; h < heads; h++, weights += (long)T * T) {
      pack(T, vd, error + h * vd, V, 1, packed);
      product(T, vd, T, weights, 1, T, packed, dv + h * vd, V, 0, 0, 0);
      pack(vd, T, v + h * vd, 1, V, packed);
      product(T, T, vd, error + h * vd, V, 1, packed, scores, T, 0, 0, 0);
      for (int i = 0; i < T; i++) {
        float *s = scores + (long)i * T;
        const float *w = weights + (long)i * T;
        float sum = sum_products(T, s, w);
        EACH(j, T) s[j] = w[j] * (s[j] - sum) * factor;
      }
      pack(T, kd, k + h * kd, K, 1, packed);
      product(T, kd, T, scores, T, 1, packed, dq + h * kd, K, 0, 0, 0);
      pack(T, kd, q + h * kd, K, 1, packed);
      product(T, kd, T, scores, 1, T, packed, dk + h * kd, K, 0, 0, 0);
    }
}
