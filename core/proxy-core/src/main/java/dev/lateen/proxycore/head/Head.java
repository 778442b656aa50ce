package dev.lateen.proxycore.head;

/** What begins a message: a request's or a response's head, whatever the version of HTTP. */
public sealed interface Head permits RequestHead, ResponseHead {
    /** The header fields, without pseudo-headers. */
    Fields fields();
}
