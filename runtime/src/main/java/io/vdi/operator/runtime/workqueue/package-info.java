/**
 * A queue of keys and the workers that reconcile them, without any knowledge of Kubernetes. Imports
 * the JDK, the logger and {@code common.thread} only. Start at {@link
 * io.vdi.operator.runtime.workqueue.WorkerPool}.
 */
package io.vdi.operator.runtime.workqueue;
