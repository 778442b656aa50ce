package dev.lateen.proxycore.overload;

/** What a proxy may run out of. */
public enum Resource {
    /** Memory of objects in use: what a collection leaves of the heap. */
    HEAP("heap"),
    /** Memory outside of the heap, which holds the bytes of connections. */
    BUFFERS("buffers");

    private final String label;

    Resource(String label) {
        this.label = label;
    }

    /** Its name in metrics and logs. */
    public String label() {
        return label;
    }
}
