/**
 * The cluster as this caller may see it: calls, forwarded ports, programs in pods. Knows nothing of
 * commands.
 */
package io.vdi.operator.cli.cluster;
