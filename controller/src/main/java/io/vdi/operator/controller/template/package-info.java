/**
 * Writes the status of templates. Imports the client and the caches. Start at {@link
 * io.vdi.operator.controller.template.TemplateStatusUpdater}.
 */
package io.vdi.operator.controller.template;
