/** How well a disk is, and how one knows. */
export { assessHealth } from './assess-health.ts';
export type { HealthFacts } from './assess-health.ts';
export type {
  HealthCounters,
  HealthEvidence,
  HealthReport,
  HealthSource,
  HealthState,
  HealthVerdict,
} from './health.ts';
export { readTemperature } from './sensor.ts';
export type { TemperatureReading } from './sensor.ts';
export { parseSmartReport, smartExitOf } from './smart-report.ts';
export type { SmartAttribute, SmartExit, SmartReading, SmartReport } from './smart-report.ts';
export { DEFAULT_THRESHOLDS } from './thresholds.ts';
export type { HealthThresholds, Limit } from './thresholds.ts';
export { HealthHistory } from './health-history.ts';
export type { FailurePrediction } from './health-history.ts';
export { SmartReportFolder } from './smart-report-folder.ts';
export { SmartctlRunner } from './smartctl-runner.ts';
export type { SmartctlOptions } from './smartctl-runner.ts';
export { readSmart } from './smart-source.ts';
export type { SmartSource } from './smart-source.ts';
export { HealthMonitor } from './health-monitor.ts';
export type { HealthMonitorOptions, MonitoredHealth } from './health-monitor.ts';
