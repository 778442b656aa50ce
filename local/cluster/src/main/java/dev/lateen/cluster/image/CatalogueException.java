package dev.lateen.cluster.image;

/** A catalogue that cannot be read; the text names the file, the entry and the field. */
public final class CatalogueException extends Exception {
    CatalogueException(String message) {
        super(message);
    }
}
