/**
 * Container images as OCI archives, made without a container engine. Imports the development
 * cluster, for the services are trained on one. Start reading at {@link
 * io.vdi.operator.images.Images}.
 */
package io.vdi.operator.images;
