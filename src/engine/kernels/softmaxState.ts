/** WGSL of a softmax that is summed up piece by piece, in any tree of pieces. */

/**
 * A `State` is (largest z, Σ e^(z − largest), Σ (z − largest)·e^(z − largest), the chosen z or 0). An empty one starts at
 * `NOTHING`; masked values are `LOWEST`, far below all others and far from overflow.
 */
export const SOFTMAX_STATE = `
alias State = vec4<f32>;
const LOWEST = -1e30;
const NOTHING = State(LOWEST, 0.0, 0.0, 0.0);
fn merge(a: State, b: State) -> State {
  let largest = max(a.x, b.x);
  let shifts = vec2<f32>(a.x, b.x) - largest;
  let weights = exp(shifts);
  let sums = vec2<f32>(a.y, b.y);
  let spread = vec2<f32>(a.z, b.z) + shifts * sums;
  return State(largest, dot(weights, sums), dot(weights, spread), a.w + b.w);
}
/** Of four neighbours; those at or beyond \`count\` do not exist. \`chosen\` counts from the first; beyond 3: none. */
fn stateOf(values: vec4<f32>, count: u32, chosen: u32) -> State {
  let z = select(vec4<f32>(LOWEST), values, vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(count));
  let largest = max(max(z.x, z.y), max(z.z, z.w));
  let shifts = z - largest;
  let weights = exp(shifts);
  var state = State(largest, dot(weights, vec4<f32>(1.0)), dot(weights, shifts), 0.0);
  if (chosen < 4u) { state.w = z[chosen]; }
  return state;
}`;
