/**
 * Leader election: one replica of a service works, the others wait. Imports the Kubernetes client,
 * and of runtime only the configuration. Start at {@link
 * io.vdi.operator.runtime.leader.LeaderElector}.
 */
package io.vdi.operator.runtime.leader;
