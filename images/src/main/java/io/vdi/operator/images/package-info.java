/**
 * Container images as OCI archives, built without a container engine. May import devcluster, which
 * runs the services while their AOT caches are recorded. Start reading at {@link
 * io.vdi.operator.images.Images}.
 */
package io.vdi.operator.images;
