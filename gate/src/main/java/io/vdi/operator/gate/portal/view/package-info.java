/**
 * What the pages of the portal show: values of the API as texts in the reader's language. Pure.
 * Imports the API and the names of the assets. Start at {@link
 * io.vdi.operator.gate.portal.view.Views}.
 */
package io.vdi.operator.gate.portal.view;
