package dev.lateen.demo;

import java.io.IOException;

/** One chapter of the tutorial. */
interface Chapter {
    /** By which {@code --chapter} asks for it. */
    String name();

    /** What it shows. */
    String title();

    /**
     * Goes through the chapter: its lines, what comes back, its claims.
     *
     * @throws ChapterException when it cannot go on
     */
    void walk(Walk walk) throws IOException, InterruptedException, ChapterException;
}
