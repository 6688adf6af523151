/**
 * A compute shader as data: what it reads, writes and is told, and its WGSL body. The declarations are written from
 * the lists, so that names in the body, in the call and in the bindings cannot drift apart. Knows no device.
 */
import { EngineError } from "../errors.ts";

/** WGSL type of a buffer's elements. Every element of a tensor is 4 bytes, so vectors must divide its size. */
export type Element = "f32" | "i32" | "u32" | "vec2<f32>" | "vec4<f32>" | "vec4<i32>" | "vec4<u32>";

/** What a program may need beyond the base path that every device has. */
export type ProgramFeature = "f16" | "subgroups";

/** WGSL directives, which must come before all else. A subgroup's number spares guessing which threads it holds. */
const DIRECTIVES: Readonly<Record<ProgramFeature, string>> = {
  f16: "enable f16;",
  subgroups: "enable subgroups;\nrequires subgroup_id;",
};

/** The features of a device for which programs can be written. @param languageFeatures of the browser's WGSL */
export function programFeatures(
  deviceFeatures: ReadonlySet<string>,
  languageFeatures: ReadonlySet<string>,
): Set<ProgramFeature> {
  const features = new Set<ProgramFeature>();
  if (deviceFeatures.has("shader-f16")) features.add("f16");
  if (deviceFeatures.has("subgroups") && languageFeatures.has("subgroup_id")) features.add("subgroups");
  return features;
}

/** One number given with each dispatch. */
export type UniformType = "u32" | "i32" | "f32";

export interface GpuProgram {
  /** For labels and counters. Programs whose text differs are different programs, whatever their names. */
  readonly name: string;
  /** Buffers read, in binding order. */
  readonly inputs: Readonly<Record<string, Element>>;
  /** Buffers written, in binding order after the inputs; their contents are undefined before the first dispatch. */
  readonly outputs: Readonly<Record<string, Element>>;
  /** Fields of `params`. */
  readonly uniforms: Readonly<Record<string, UniformType>>;
  /** Module-scope WGSL with one entry point, `main`. Sizes written into it make it another program. */
  readonly body: string;
  /** Absent: runs on every device. Whoever picks such a program has another for devices without. */
  readonly features?: readonly ProgramFeature[];
}

/** The base path's promise: every WebGPU device binds at least so many storage buffers. */
const MAX_STORAGE_BUFFERS = 8;
const UNIFORM_BYTES = 4;
/** WebGPU's least guaranteed limit. */
const MAX_GROUPS_PER_DIMENSION = 65_535;

/**
 * The shader's whole text.
 * @throws EngineError("badInput") when it needs more buffers than every device binds
 */
export function writeWgsl({ name, inputs, outputs, uniforms, body, features = [] }: GpuProgram): string {
  const storage = [
    ...Object.entries(inputs).map(([key, element]) => `var<storage, read> ${key}: array<${element}>;`),
    ...Object.entries(outputs).map(([key, element]) => `var<storage, read_write> ${key}: array<${element}>;`),
  ];
  if (storage.length > MAX_STORAGE_BUFFERS) {
    throw new EngineError("badInput", `${name} binds ${storage.length} buffers; a device promises 8.`);
  }
  const fields = Object.entries(uniforms).map(([key, type]) => `${key}: ${type},`);
  const params =
    fields.length === 0
      ? []
      : [
          `struct Params { ${fields.join(" ")} }`,
          `@group(0) @binding(${storage.length}) var<uniform> params: Params;`,
        ];
  const bindings = storage.map((line, at) => `@group(0) @binding(${at}) ${line}`);
  return [...features.map((feature) => DIRECTIVES[feature]), ...bindings, ...params, body].join("\n");
}

/** The uniforms' bytes, padded to 16. @throws EngineError("badInput") naming a uniform without a value */
export function packUniforms(
  { name, uniforms }: GpuProgram,
  values: Readonly<Record<string, number>>,
): ArrayBuffer {
  const entries = Object.entries(uniforms);
  const bytes = new ArrayBuffer(Math.ceil((entries.length * UNIFORM_BYTES) / 16) * 16);
  const view = new DataView(bytes);
  for (const [at, [key, type]] of entries.entries()) {
    const value = values[key];
    if (value === undefined) throw new EngineError("badInput", `${name} needs a value for ${key}.`);
    const offset = at * UNIFORM_BYTES;
    if (type === "f32") view.setFloat32(offset, value, true);
    else if (type === "i32") view.setInt32(offset, value, true);
    else view.setUint32(offset, value, true);
  }
  return bytes;
}

/**
 * Workgroups in two dimensions where one holds too few. In the shader, `flatGroup` is the number of the group;
 * those at or beyond `count` have nothing to do.
 */
export function spreadGroups(count: number): [number, number, number] {
  if (count <= MAX_GROUPS_PER_DIMENSION) return [count, 1, 1];
  const y = Math.ceil(count / MAX_GROUPS_PER_DIMENSION);
  return [Math.ceil(count / y), y, 1];
}

/** WGSL for `spreadGroups`: arguments are the builtins `workgroup_id` and `num_workgroups`. */
export const FLAT_GROUP = `
fn flatGroup(group: vec3<u32>, groups: vec3<u32>) -> u32 {
  return group.y * groups.x + group.x;
}
`;
