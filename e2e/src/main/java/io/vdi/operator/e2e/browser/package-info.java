/**
 * Clients of desktops: a real browser, and a plain HTTP client. Imports the development cluster,
 * for the domain and the Debian packages. Start reading at {@link
 * io.vdi.operator.e2e.browser.Browser}.
 */
package io.vdi.operator.e2e.browser;
