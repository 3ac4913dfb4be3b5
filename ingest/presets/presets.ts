/** The profiles that are shipped: one for each kind of export of the large clouds, and for the format that they share. */
import { AWS_PRESETS } from './aws.ts';
import { AZURE_PRESETS } from './azure.ts';
import { FOCUS_PRESETS } from './focus.ts';
import { GCP_PRESETS } from './gcp.ts';
import { OCI_PRESETS } from './oci.ts';
import type { Preset } from './preset.ts';

export const PRESETS: readonly Preset[] = [...AWS_PRESETS, ...AZURE_PRESETS, ...FOCUS_PRESETS, ...GCP_PRESETS, ...OCI_PRESETS];

export function findPreset(name: string): Preset | undefined {
  return PRESETS.find((preset) => preset.name === name);
}
