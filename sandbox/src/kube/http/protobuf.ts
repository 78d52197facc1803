/**
 * Bodies in Kubernetes' protobuf form, which kubectl and helm write through their typed clients; they take JSON as the
 * answer. The messages are those that these clients send, with the names and numbers of Kubernetes' API. A message is
 * read completely or refused: a field that is not listed here is an error, never a loss.
 */
import protobuf from 'protobufjs';
import { ApiError } from '../api-error.ts';
import type { JsonObject } from '../types.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

/** What stands before the envelope. */
const magic = Buffer.from('k8s\0');

/** `optional` marks what a client may leave out: other scalars are always sent, and their zero means that they are absent. */
const messages = protobuf.parse(`
  syntax = "proto3";
  message Unknown { TypeMeta typeMeta = 1; bytes raw = 2; string contentEncoding = 3; string contentType = 4; }
  message TypeMeta { string apiVersion = 1; string kind = 2; }
  message Time { int64 seconds = 1; int32 nanos = 2; }
  message Quantity { string string = 1; }
  message IntOrString { int64 type = 1; int32 intVal = 2; string strVal = 3; }
  message FieldsV1 { bytes Raw = 1; }
  message ObjectMeta {
    string name = 1; string generateName = 2; string namespace = 3; string selfLink = 4; string uid = 5;
    string resourceVersion = 6; int64 generation = 7; Time creationTimestamp = 8; Time deletionTimestamp = 9;
    optional int64 deletionGracePeriodSeconds = 10; map<string, string> labels = 11; map<string, string> annotations = 12;
    repeated OwnerReference ownerReferences = 13; repeated string finalizers = 14;
    repeated ManagedFieldsEntry managedFields = 17;
  }
  message OwnerReference {
    string kind = 1; string name = 3; string uid = 4; string apiVersion = 5; optional bool controller = 6;
    optional bool blockOwnerDeletion = 7;
  }
  message ManagedFieldsEntry {
    string manager = 1; string operation = 2; string apiVersion = 3; Time time = 4; string fieldsType = 6;
    FieldsV1 fieldsV1 = 7; string subresource = 8;
  }
  message LabelSelector { map<string, string> matchLabels = 1; repeated LabelSelectorRequirement matchExpressions = 2; }
  message LabelSelectorRequirement { string key = 1; string operator = 2; repeated string values = 3; }
  message DeleteOptions {
    optional int64 gracePeriodSeconds = 1; Preconditions preconditions = 2; optional bool orphanDependents = 3;
    optional string propagationPolicy = 4; repeated string dryRun = 5;
  }
  message Preconditions { optional string uid = 1; optional string resourceVersion = 2; }
  message ObjectReference {
    string kind = 1; string namespace = 2; string name = 3; string uid = 4; string apiVersion = 5;
    string resourceVersion = 6; string fieldPath = 7;
  }
  message LocalObjectReference { string name = 1; }
  message Namespace { ObjectMeta metadata = 1; NamespaceSpec spec = 2; NamespaceStatus status = 3; }
  message NamespaceSpec { repeated string finalizers = 1; }
  message NamespaceStatus { string phase = 1; }
  message ConfigMap {
    ObjectMeta metadata = 1; map<string, string> data = 2; map<string, bytes> binaryData = 3; optional bool immutable = 4;
  }
  message Secret {
    ObjectMeta metadata = 1; map<string, bytes> data = 2; string type = 3; map<string, string> stringData = 4;
    optional bool immutable = 5;
  }
  message ServiceAccount {
    ObjectMeta metadata = 1; repeated ObjectReference secrets = 2; repeated LocalObjectReference imagePullSecrets = 3;
    optional bool automountServiceAccountToken = 4;
  }
  message PolicyRule {
    repeated string verbs = 1; repeated string apiGroups = 2; repeated string resources = 3;
    repeated string resourceNames = 4; repeated string nonResourceURLs = 5;
  }
  message AggregationRule { repeated LabelSelector clusterRoleSelectors = 1; }
  message Role { ObjectMeta metadata = 1; repeated PolicyRule rules = 2; }
  message ClusterRole { ObjectMeta metadata = 1; repeated PolicyRule rules = 2; AggregationRule aggregationRule = 3; }
  message RoleRef { string apiGroup = 1; string kind = 2; string name = 3; }
  message Subject { string kind = 1; string apiGroup = 2; string name = 3; string namespace = 4; }
  message RoleBinding { ObjectMeta metadata = 1; repeated Subject subjects = 2; RoleRef roleRef = 3; }
  message ClusterRoleBinding { ObjectMeta metadata = 1; repeated Subject subjects = 2; RoleRef roleRef = 3; }
  message Deployment { ObjectMeta metadata = 1; DeploymentSpec spec = 2; DeploymentStatus status = 3; }
  message DeploymentSpec {
    optional int32 replicas = 1; LabelSelector selector = 2; PodTemplateSpec template = 3; DeploymentStrategy strategy = 4;
    int32 minReadySeconds = 5; optional int32 revisionHistoryLimit = 6; bool paused = 7;
    optional int32 progressDeadlineSeconds = 9;
  }
  message DeploymentStrategy { string type = 1; RollingUpdateDeployment rollingUpdate = 2; }
  message RollingUpdateDeployment { IntOrString maxUnavailable = 1; IntOrString maxSurge = 2; }
  message DeploymentStatus {
    int64 observedGeneration = 1; int32 replicas = 2; int32 updatedReplicas = 3; int32 availableReplicas = 4;
    int32 unavailableReplicas = 5; int32 readyReplicas = 7;
  }
  message PodTemplateSpec { ObjectMeta metadata = 1; PodSpec spec = 2; }
  message PodSpec {
    repeated Container containers = 2; string restartPolicy = 3; optional int64 terminationGracePeriodSeconds = 4;
    optional int64 activeDeadlineSeconds = 5; string dnsPolicy = 6; map<string, string> nodeSelector = 7;
    string serviceAccountName = 8; string serviceAccount = 9; string nodeName = 10; bool hostNetwork = 11;
    bool hostPID = 12; bool hostIPC = 13; repeated LocalObjectReference imagePullSecrets = 15; string hostname = 16;
    string subdomain = 17; string schedulerName = 19; repeated Container initContainers = 20;
    string priorityClassName = 24;
  }
  message Container {
    string name = 1; string image = 2; repeated string command = 3; repeated string args = 4; string workingDir = 5;
    repeated ContainerPort ports = 6; repeated EnvVar env = 7; ResourceRequirements resources = 8;
    string terminationMessagePath = 13; string imagePullPolicy = 14; bool stdin = 16; bool stdinOnce = 17; bool tty = 18;
    string terminationMessagePolicy = 20;
  }
  message ContainerPort {
    string name = 1; int32 hostPort = 2; int32 containerPort = 3; string protocol = 4; string hostIP = 5;
  }
  message EnvVar { string name = 1; string value = 2; }
  message ResourceRequirements { map<string, Quantity> limits = 1; map<string, Quantity> requests = 2; }
  message TokenRequest { ObjectMeta metadata = 1; TokenRequestSpec spec = 2; TokenRequestStatus status = 3; }
  message TokenRequestSpec {
    repeated string audiences = 1; BoundObjectReference boundObjectRef = 3; optional int64 expirationSeconds = 4;
  }
  message BoundObjectReference { string kind = 1; string apiVersion = 2; string name = 3; string uid = 4; }
  message TokenRequestStatus { string token = 1; Time expirationTimestamp = 2; }
  message SelfSubjectAccessReview {
    ObjectMeta metadata = 1; SelfSubjectAccessReviewSpec spec = 2; SubjectAccessReviewStatus status = 3;
  }
  message SelfSubjectAccessReviewSpec {
    ResourceAttributes resourceAttributes = 1; NonResourceAttributes nonResourceAttributes = 2;
  }
  message ResourceAttributes {
    string namespace = 1; string verb = 2; string group = 3; string version = 4; string resource = 5;
    string subresource = 6; string name = 7;
  }
  message NonResourceAttributes { string path = 1; string verb = 2; }
  message SubjectAccessReviewStatus { bool allowed = 1; string reason = 2; string evaluationError = 3; bool denied = 4; }
  message SelfSubjectRulesReview {
    ObjectMeta metadata = 1; SelfSubjectRulesReviewSpec spec = 2; SubjectRulesReviewStatus status = 3;
  }
  message SelfSubjectRulesReviewSpec { string namespace = 1; }
  message SubjectRulesReviewStatus { bool incomplete = 3; string evaluationError = 4; }
  message SelfSubjectReview { ObjectMeta metadata = 1; SelfSubjectReviewStatus status = 2; }
  message SelfSubjectReviewStatus { UserInfo userInfo = 1; }
  message UserInfo { string username = 1; string uid = 2; repeated string groups = 3; }
`).root;

interface Envelope {
  typeMeta: { apiVersion?: string; kind?: string };
  /** The message itself, as base64. */
  raw?: string;
}

/** Messages whose JSON is not an object; undefined is no value. */
const wellKnown: Readonly<Record<string, (message: JsonObject) => unknown>> = {
  Time: ({ seconds }) =>
    seconds === undefined ? undefined : `${new Date(Number(seconds) * 1000).toISOString().slice(0, -5)}Z`,
  Quantity: ({ string }) => string ?? '0',
  IntOrString: ({ type, intVal, strVal }) => (type === 1 ? (strVal ?? '') : (intVal ?? 0)),
  FieldsV1: ({ Raw }) => JSON.parse(Buffer.from(String(Raw), 'base64').toString('utf8')) as unknown,
};

/** Thrown for a kind or a field that is not known here: 415; for broken bytes: 400. */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, magic.length).equals(magic))
    throw ApiError.badRequest('the body is not a Kubernetes protobuf message');
  try {
    const envelope = decode(messages.lookupType('Unknown'), body.subarray(magic.length)) as Partial<Envelope>;
    const { apiVersion = '', kind = '' } = envelope.typeMeta ?? {};
    const type = messages.get(kind);
    if (!(type instanceof protobuf.Type)) throw unreadable(`kind ${kind}`);
    return { apiVersion, kind, ...decode(type, Buffer.from(envelope.raw ?? '', 'base64')) };
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw ApiError.badRequest('the body is not a well-formed protobuf message');
  }
}

const unreadable = (what: string): ApiError =>
  ApiError.unsupportedMediaType(
    `the body of the request was in an unknown format: ${what} is not read from protobuf - accepted media types include: ` +
      'application/json, application/yaml',
  );

function decode(type: protobuf.Type, bytes: Uint8Array): JsonObject {
  const reader = protobuf.Reader.create(bytes);
  const message: JsonObject = {};
  while (reader.pos < reader.len) {
    const id = reader.uint32() >>> 3;
    const field = type.fieldsById[id]?.resolve();
    if (field === undefined) throw unreadable(`field ${id} of ${type.name}`);
    if (field instanceof protobuf.MapField) {
      const [key, value] = decodeEntry(field, reader.bytes());
      message[field.name] = { ...(message[field.name] as JsonObject | undefined), [key]: value };
      continue;
    }
    const value = decodeValue(field, reader);
    if (field.repeated) message[field.name] = [...((message[field.name] as unknown[] | undefined) ?? []), value];
    else if (field.options?.proto3_optional === true || !isZero(value)) message[field.name] = value;
  }
  return message;
}

function decodeEntry(field: protobuf.MapField, bytes: Uint8Array): [key: string, value: unknown] {
  const reader = protobuf.Reader.create(bytes);
  let key = '';
  let value: unknown = '';
  while (reader.pos < reader.len) {
    if (reader.uint32() >>> 3 === 1) key = reader.string();
    else value = decodeValue(field, reader);
  }
  return [key, value];
}

function decodeValue(field: protobuf.FieldBase, reader: protobuf.Reader): unknown {
  if (field.resolvedType instanceof protobuf.Type) {
    const message = decode(field.resolvedType, reader.bytes());
    const convert = wellKnown[field.resolvedType.name];
    return convert === undefined ? message : convert(message);
  }
  switch (field.type) {
    case 'string':
      return reader.string();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'bool':
      return reader.bool();
    default:
      return Number(reader.int64());
  }
}

const isZero = (value: unknown): boolean => value === undefined || value === '' || value === 0 || value === false;
