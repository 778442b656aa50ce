/** What a proxy tells over HTTP: its state to people and tools, its health to the kubelet. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.admin;
