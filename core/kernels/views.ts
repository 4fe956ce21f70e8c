/** The tensor memory as arrays of each element type. */
import { f32, f64, i32, u8 } from '../memory.js';
import type { Element } from './api.js';

export type ElementArray = Float32Array | Float64Array | Int32Array | Uint8Array;

export const views: Readonly<Record<Element, ElementArray>> = {
  float32: f32,
  float64: f64,
  int32: i32,
  uint8: u8,
};

export const elementBytes: Readonly<Record<Element, number>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  uint8: 1,
};
