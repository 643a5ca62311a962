/**
 * What users install in a cluster beside the operator: Traefik, a volume provisioner, GPUs. May
 * import cluster, build, process and common. Start reading at {@link
 * io.vdi.operator.devcluster.addons.RouterAddon}.
 */
package io.vdi.operator.devcluster.addons;
