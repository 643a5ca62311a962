/**
 * The programs of the cluster, built from Go modules into a cache or installed as Debian packages.
 * May import process and common.model. Start reading at {@link
 * io.vdi.operator.devcluster.build.GoPrograms}.
 */
package io.vdi.operator.devcluster.build;
