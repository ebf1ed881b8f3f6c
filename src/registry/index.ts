export * from './mlflow/mlflow-rest.js';
export * from './mlflow/mlflow-uri.js';
export * from './mlflow/run-log.js';
export * from './model-registry.js';
export * from './open-registry.js';
export * from './verify-bundle.js';
export * from './objects/object-store.js';
export * from './objects/s3-object-store.js';
