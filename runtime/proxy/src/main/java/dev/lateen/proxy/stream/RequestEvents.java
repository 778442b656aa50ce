package dev.lateen.proxy.stream;

/** What a server's codec tells about one request after its head, which began it ({@link ServerStreams#begin}). */
public interface RequestEvents extends MessageEvents {}
