/**
 * The test kit for integration tests: a cluster for each run, sessions, and services to run.
 * Imports common, runtime and the other packages of devcluster; only tests and benchmarks import
 * it. Start reading at {@link io.vdi.operator.devcluster.testing.ClusterExtension}.
 */
package io.vdi.operator.devcluster.testing;
