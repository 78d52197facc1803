/** Heat from Prometheus, and its fake for the tests of whoever takes a HeatSource. */
export { FakeHeatSource } from './fake-heat-source.ts';
export type { FakeHeatSourceOptions } from './fake-heat-source.ts';
export { PrometheusHeatSource } from './prometheus-heat-source.ts';
export type { HeatSourceHealth, PrometheusHeatSourceOptions } from './prometheus-heat-source.ts';
