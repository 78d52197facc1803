/** A Prometheus for the demo, where there is none. */
export { PrometheusStandIn } from './prometheus-stand-in.ts';
export type { PrometheusStandInOptions } from './prometheus-stand-in.ts';
export { PromqlError } from './promql/parse.ts';
export { NAME, type Labels } from './samples.ts';
export { Scraper, type ScraperOptions } from './scraper.ts';
