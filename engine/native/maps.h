/* From an update to an integer map, and from maps to weights: engine/wasm/assembly/map.ts. */

/** A group as the table of quanta has it; its runs, offset and size of each, follow. */
typedef struct {
  int32_t runs, size, levels;
  float q, inverse, bound;
  int32_t overdrive, unused;
} group;

static const int32_t *runs_of(const group *g) { return (const int32_t *)(g + 1); }
static group *group_after(group *g) { return (group *)((int32_t *)(g + 1) + 2 * g->runs); }

static void make_weights(int32_t *table, const float *restrict w0, const int32_t *restrict K, float *restrict w) {
  group *of = (group *)(table + 1);
  for (int left = table[0]; left > 0; left--, of = group_after(of)) {
    const float q = of->q;
    const int32_t *run = runs_of(of);
    for (int r = 0; r < of->runs; r++, run += 2)
      for (int i = run[0]; i < run[0] + run[1]; i++) w[i] = w0[i] + q * (float)K[i];
  }
}

static uint8_t *put_varint(uint8_t *p, uint32_t value) {
  for (; value > 127; value >>= 7) *p++ = (value & 127) | 128;
  *p = value;
  return p + 1;
}

#if !defined __AVX512F__
/** One bit a lane where x ≥ q. */
static inline unsigned lanes_at_least(vec x, float q) {
#if defined __AVX2__
  return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps((__m256)x, _mm256_set1_ps(q), _CMP_GE_OQ));
#elif defined __SSE2__
  return (unsigned)_mm_movemask_ps(_mm_cmpge_ps((__m128)x, _mm_set1_ps(q)));
#else
  unsigned bits = 0;
  for (int l = 0; l < L; l++) bits |= (unsigned)(x[l] >= q) << l;
  return bits;
#endif
}
#endif

/** What is written of a group so far. */
typedef struct {
  uint8_t *out, *signs;
  uint32_t count;
  /* `worst`: the largest |g| of all groups, as bits */
  int32_t last, overdrive, worst;
} writing;

#if !defined __AVX512F__
/** r − lr·clamp(g, ±most): seldom needed, so kept out of the loop. */
static __attribute__((noinline)) vec clamped(vec r, vec g, float lr, float most) {
  for (int l = 0; l < L; l++) r[l] = r[l] - lr * within(g[l], most);
  return r;
}
#endif

/** n entries side by side, whose first is entry `base` of its group. */
static void quantise_run(writing *to, int n, int base, const float *restrict r, float *restrict g, float lr, float most, const group *of) {
  const float q = of->q, inverse = of->inverse, bound = of->bound;
  const int levels = of->levels;
  uint8_t *out = to->out, *signs = to->signs;
  uint32_t count = to->count;
  int last = to->last, overdrive = to->overdrive;
  ivec top = {0};
  int i = 0;
  /* The new residual is made in the gradient's place: what is null must not have touched r. */
#define FIRE(AT, A)                                                                  \
  {                                                                                  \
    int at_ = (AT);                                                                  \
    float v = (A), t = v * inverse, size = fabsf(t);                                 \
    int k = size >= (float)levels ? (t < 0 ? -levels : levels) : (int)t;             \
    float left_ = v - q * (float)k;                                                  \
    if (size > (float)levels) {                                                      \
      overdrive++;                                                                   \
      left_ = within(left_, bound);                                                  \
    }                                                                                \
    g[at_] = left_;                                                                  \
    out = put_varint(out, (uint32_t)(base + at_ - last - 1));                        \
    last = base + at_;                                                               \
    if (levels == 1) {                                                               \
      uint8_t bit = (uint8_t)((k < 0) << (count & 7));                               \
      signs[count >> 3] = count & 7 ? signs[count >> 3] | bit : bit;                 \
    } else out = put_varint(out, ((uint32_t)k << 1) ^ (uint32_t)(k >> 31));          \
    count++;                                                                         \
  }
#if defined __AVX512F__
  /* Which lanes fire is a coin's toss to the branch predictor, so what fires is first squeezed into a list, without a branch. */
  enum { BLOCK = 1024 };
  int32_t at[BLOCK + L], steps[BLOCK + L];
  uint8_t *sign = signs + (count >> 3);
  int holding = (int)(count & 7);
  uint64_t held = holding ? *sign : 0;
  const __m512 most_levels = _mm512_set1_ps((float)levels), least_levels = _mm512_set1_ps(-(float)levels);
  const __m512 most_steps = _mm512_set1_ps(most), least_steps = _mm512_set1_ps(-most), most_left = _mm512_set1_ps(bound), least_left = _mm512_set1_ps(-bound);
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  while (i + L <= n) {
    int listed = 0;
    for (int stop = i + BLOCK; i + L <= n && i < stop; i += L) {
      vec given = *(vec *)(g + i);
      ivec bits = (ivec)given & 0x7fffffff;
      ivec above = bits > top;
      top = (bits & above) | (top & ~above);
      vec a = *(vec *)(r + i) - lr * (vec)_mm512_max_ps(_mm512_min_ps((__m512)given, most_steps), least_steps);
      __mmask16 fired = _mm512_cmp_ps_mask(_mm512_abs_ps((__m512)a), _mm512_set1_ps(q), _CMP_GE_OQ);
      __m512 t = (__m512)(a * inverse);
      __m512 k = _mm512_maskz_roundscale_ps(fired, _mm512_min_ps(_mm512_max_ps(t, least_levels), most_levels), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
      *(vec *)(g + i) = (vec)_mm512_max_ps(_mm512_min_ps((__m512)(a - q * (vec)k), most_left), least_left);
      overdrive += __builtin_popcount(_mm512_mask_cmp_ps_mask(fired, _mm512_abs_ps(t), most_levels, _CMP_GT_OQ));
      _mm512_storeu_si512(at + listed, _mm512_maskz_compress_epi32(fired, _mm512_add_epi32(lanes, _mm512_set1_epi32(base + i))));
      int more = __builtin_popcount(fired);
      if (levels == 1) {
        held |= (uint64_t)_pext_u32(_mm512_movepi32_mask((__m512i)a), fired) << holding;
        holding += more;
        if (holding >= 32) {
          uint32_t word = (uint32_t)held;
          memcpy(sign, &word, 4);
          sign += 4;
          held >>= 32;
          holding -= 32;
        }
      } else _mm512_storeu_si512(steps + listed, _mm512_maskz_compress_epi32(fired, _mm512_cvttps_epi32(k)));
      listed += more;
    }
    for (int e = 0; e < listed; e++) {
      uint32_t gap = (uint32_t)(at[e] - last - 1);
      last = at[e];
      if (gap < 128) *out++ = (uint8_t)gap;
      else out = put_varint(out, gap);
      if (levels > 1) out = put_varint(out, ((uint32_t)steps[e] << 1) ^ (uint32_t)(steps[e] >> 31));
    }
    count += (uint32_t)listed;
  }
  memcpy(sign, &held, 8);
#else
  for (; i + L <= n; i += L) {
    vec given = *(vec *)(g + i);
    vec a = *(vec *)(r + i) - lr * given;
    ivec bits = (ivec)given & 0x7fffffff;
    *(vec *)(g + i) = a;
    ivec above = bits > top;
    top = (bits & above) | (top & ~above);
    unsigned fired = lanes_at_least((vec)((ivec)a & 0x7fffffff), q);
    /* What is to be clamped fires, before and after: see assembly/map.ts. */
    if (__builtin_expect(fired && lanes_at_least((vec)bits, most), 0)) *(vec *)(g + i) = clamped(*(vec *)(r + i), given, lr, most);
    for (; fired; fired &= fired - 1) {
      int at = i + __builtin_ctz(fired);
      FIRE(at, g[at])
    }
  }
#endif
  int32_t worst = to->worst;
  for (int l = 0; l < L; l++) worst = top[l] > worst ? top[l] : worst;
  for (; i < n; i++) {
    int32_t bits;
    memcpy(&bits, g + i, 4);
    bits &= 0x7fffffff;
    worst = bits > worst ? bits : worst;
    float a = r[i] - lr * within(g[i], most);
    g[i] = a;
    if (fabsf(a) >= q) FIRE(i, a)
  }
#undef FIRE
  *to = (writing){out, signs, count, last, overdrive, worst};
}

/** Answers the encoding's first byte, or 0 for a null iteration; see assembly/map.ts. */
static uint8_t *quantise(int32_t *table, int n, float *restrict r, float *restrict g, float lr, float most, uint8_t *room, uint8_t *signs, int32_t *info) {
  uint8_t *body = room + 8, *start = body;
  writing to = {.out = body, .signs = signs, .worst = 0};
  int total = 0;
  group *of = (group *)(table + 1);
  for (int left = table[0]; left > 0; left--, of = group_after(of)) {
    uint8_t *begun = to.out;
    int first = left == table[0];
    /* The count comes before what is counted: it is written right before the first group's, the others move up to theirs. */
    if (!first) to.out += 5;
    uint8_t *content = to.out;
    to.count = 0;
    to.last = -1;
    to.overdrive = 0;
    const int32_t *run = runs_of(of);
    for (int i = 0, base = 0; i < of->runs; base += run[1], i++, run += 2) quantise_run(&to, run[1], base, r + run[0], g + run[0], lr, most, of);
    if (of->levels == 1) {
      memcpy(to.out, signs, (to.count + 7) >> 3);
      to.out += (to.count + 7) >> 3;
    }
    if (first) {
      start = body - 1;
      for (uint32_t c = to.count >> 7; c; c >>= 7) start--;
      put_varint(start, to.count);
    } else {
      uint8_t *moved = put_varint(begun, to.count);
      memmove(moved, content, (size_t)(to.out - content));
      to.out -= content - moved;
    }
    of->overdrive = to.overdrive;
    total += to.overdrive;
  }
  if (to.worst >= 0x7f800000) return 0;
  memcpy(r, g, (size_t)n * 4);
  info[0] = (int32_t)(to.out - start);
  info[1] = total;
  return start;
}

typedef struct { const uint8_t *pos, *stop; int broken; } reader;

static uint32_t take_varint(reader *in) {
  if (in->pos < in->stop && *in->pos < 128) return *in->pos++; /* nearly every gap */
  uint64_t value = 0;
  for (int shift = 0; shift < 35 && in->pos < in->stop; shift += 7) {
    uint8_t byte = *in->pos++;
    value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) {
      if ((byte == 0 && shift > 0) || value > 0xffffffff) break;
      return (uint32_t)value;
    }
  }
  in->broken = 1;
  return 0;
}

/** Where the signs of a group's map begin, which stands at the reader and is then behind it; 0 where it is not canonical. */
static const uint8_t *check_group(reader *in, const group *of) {
  uint32_t entries = take_varint(in);
  if (in->broken || entries > (uint32_t)of->size) return 0;
  int64_t index = -1;
  for (uint32_t i = 0; i < entries; i++) {
    index += (int64_t)take_varint(in) + 1;
    if (in->broken || index >= of->size) return 0;
    if (of->levels > 1) {
      uint32_t z = take_varint(in);
      if (in->broken || z == 0 || (uint32_t)(z + 1) >> 1 > (uint32_t)of->levels) return 0;
    }
  }
  const uint8_t *signs = in->pos;
  if (of->levels > 1) return signs;
  uint32_t bytes = (entries + 7) >> 3;
  if (in->stop - in->pos < (long)bytes) return 0;
  if (entries & 7 && signs[bytes - 1] >> (entries & 7)) return 0;
  in->pos += bytes;
  return signs;
}

static void add_entries(reader *in, const group *of, const float *w0, int32_t *K, float *w, int sign, const uint8_t *signs) {
  const float q = of->q;
  const int32_t *run = runs_of(of);
  /* Of entry i of the group: i + shift in the parameter vector, while i is below `end`. */
  int shift = run[0], end = run[1], at = -1, levels = of->levels;
  uint32_t entries = take_varint(in);
  for (uint32_t i = 0; i < entries; i++) {
    at += (int)take_varint(in) + 1;
    while (at >= end) {
      run += 2;
      shift = run[0] - end;
      end += run[1];
    }
    int k;
    if (levels == 1) k = (signs[i >> 3] >> (i & 7)) & 1 ? -1 : 1;
    else {
      uint32_t z = take_varint(in);
      k = (int)(z >> 1) ^ -(int)(z & 1);
    }
    int o = at + shift;
    K[o] += sign < 0 ? -k : k;
    w[o] = w0[o] + q * (float)K[o];
  }
  if (levels == 1) in->pos = signs + ((entries + 7) >> 3);
}

static int add_map(int32_t *table, const float *w0, int32_t *K, float *w, int sign, const uint8_t *map, int length) {
  reader in = {map, map + length, 0};
  const int groups = table[0];
  const uint8_t *signs = 0;
  group *of = (group *)(table + 1);
  for (int left = groups; left > 0; left--, of = group_after(of))
    if (!(signs = check_group(&in, of))) return 1;
  if (in.pos != in.stop) return 1;

  in.pos = map;
  of = (group *)(table + 1);
  for (int left = groups; left > 0; left--, of = group_after(of)) {
    /* Where the signs of the only group begin is known from the check. */
    if (groups > 1) {
      reader ahead = in;
      signs = check_group(&ahead, of);
    }
    add_entries(&in, of, w0, K, w, sign, signs);
  }
  return 0;
}
