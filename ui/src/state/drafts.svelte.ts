import type { ChatId, TurnId, VideoId } from '../backend';

/** What is being written in a conversation and was not asked yet. */
export class Draft {
  words = $state('');
  /** The options that the words list are none: it is an open question. */
  is_open = $state(false);
  /** The question that is being changed. */
  editing = $state<TurnId | null>(null);
  /** The words of questions that somebody began to change. */
  edits = $state<Record<TurnId, string>>({});
}

/** Of the conversation about a video in which nothing was asked yet: the program keeps none such. */
const NEW = null;

interface OfVideo {
  drafts: Map<ChatId | typeof NEW, Draft>;
  /** The conversation that was on screen last. */
  left: ChatId | typeof NEW | undefined;
}

/** What was written and not asked, of every conversation: it is there again on return, until the window is closed. */
export class Drafts {
  #videos = new Map<VideoId, OfVideo>();

  of(video: VideoId, chat: ChatId | typeof NEW): Draft {
    const { drafts } = this.#of(video);
    const draft = drafts.get(chat) ?? new Draft();
    drafts.set(chat, draft);
    return draft;
  }

  leave(video: VideoId, chat: ChatId | typeof NEW): void {
    this.#of(video).left = chat;
  }

  /** The conversation that was on screen last; `undefined` where there is none to go back to. */
  left(video: VideoId): ChatId | typeof NEW | undefined {
    const { left } = this.#of(video);
    const is_empty = left === NEW && this.of(video, NEW).words === '';
    return is_empty ? undefined : left;
  }

  forget(video: VideoId): void {
    this.#videos.delete(video);
  }

  #of(video: VideoId): OfVideo {
    const known = this.#videos.get(video) ?? {
      drafts: new Map<ChatId | typeof NEW, Draft>(),
      left: undefined,
    };
    this.#videos.set(video, known);
    return known;
  }
}
