/**
 * The Kubernetes client: calls with their outcome as a value, caches that contain our own writes,
 * Events. Imports the model, the client library and OkHttp. Start at {@link
 * io.vdi.operator.common.kube.KubeClient}.
 */
package io.vdi.operator.common.kube;
