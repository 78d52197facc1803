/** Heat, the pure part: which metrics are asked for, for which moments, and what their samples mean. */
export { metricFamilies, parseCustomMetrics } from './families.ts';
export type { CustomMetrics, MetricFamily } from './families.ts';
export { DEFAULT_STALE_AFTER_MS, heatOfSamples } from './heat-of-samples.ts';
export type { SampleContext } from './heat-of-samples.ts';
export { HALF_LIVES_PER_WINDOW, heatScore } from './heat-score.ts';
export type { Samples } from './heat-score.ts';
export { DEFAULT_SCRAPE_INTERVAL_MS, MAX_STEPS, planQuery, splitGrid } from './query-plan.ts';
export type { QueryPlan, TimeGrid, WindowOptions } from './query-plan.ts';
export { telemetryHealth } from './telemetry-health.ts';
export type { TelemetryHealth } from './telemetry-health.ts';
