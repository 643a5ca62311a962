/**
 * A user's browser, and what it shows. Imports the development cluster, for its certificates and
 * addresses. Start reading at {@link io.vdi.operator.e2e.browser.Browser}.
 */
package io.vdi.operator.e2e.browser;
