package dev.lateen.demo;

/** A chapter cannot go on; the text says what went wrong. */
final class ChapterException extends Exception {
    ChapterException(String message) {
        super(message);
    }
}
