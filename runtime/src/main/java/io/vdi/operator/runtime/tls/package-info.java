/**
 * TLS connections to servers with certificates of a private CA. Imports the JDK only. Start at
 * {@link io.vdi.operator.runtime.tls.TrustedCertificates}.
 */
package io.vdi.operator.runtime.tls;
