/**
 * A queue of keys and the workers that empty it: the engine of a controller, without any knowledge
 * of Kubernetes. Imports the JDK and the logger only. Start at {@link
 * io.vdi.operator.common.loop.ControlLoop}.
 */
package io.vdi.operator.common.loop;
