/** Every area, in the order in which `all` runs them. */
import type { Area } from '../row.ts';
import { brain } from './brain.ts';
import { contract } from './contract.ts';
import { erasure } from './erasure.ts';
import { eyes } from './eyes.ts';
import { hardware } from './hardware.ts';
import { kubeAdapter } from './kube-adapter.ts';
import { kubeApi } from './kube-api.ts';
import { operatorProcess } from './process.ts';
import { shards } from './shards.ts';

export const areas: readonly Area[] = [
  kubeApi,
  kubeAdapter,
  contract,
  brain,
  eyes,
  operatorProcess,
  erasure,
  shards,
  hardware,
];
