/**
 * Desktops: which host belongs to which session, who can open it, its password, and its open
 * connections. Imports the Kubernetes client and an HTTP client. Start at {@link
 * io.vdi.operator.gate.desktop.DesktopAccess}.
 */
package io.vdi.operator.gate.desktop;
