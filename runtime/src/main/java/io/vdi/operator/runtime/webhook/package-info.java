/**
 * Events for receivers outside of the cluster, over HTTP. Imports OkHttp and Gson, and no service.
 * Start at {@link io.vdi.operator.runtime.webhook.WebhookClient}.
 */
package io.vdi.operator.runtime.webhook;
