/**
 * The Kubernetes API as the services use it: one call at a time with its outcome as a value ({@link
 * io.vdi.operator.common.kube.KubeClient}), caches that show our own writes at once ({@link
 * io.vdi.operator.common.kube.ResourceCache}), leader election. May import the model and the
 * client; knows no service.
 */
package io.vdi.operator.common.kube;
