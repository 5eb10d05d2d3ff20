//! For the tests of the window: adds a turn to the latest chat, as an earlier run of a model that names times would have
//! left it: `kept_answer QUESTION ANSWER`. The embedded model names none.

use std::time::SystemTime;

use videre::api::window::{AnswerState, KeptAnswer};
use videre::chat::{ChatId, NewTurn, Store, usual_file};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(question), Some(text)) = (arguments.next(), arguments.next()) else {
        return Err("usage: kept_answer QUESTION ANSWER".into());
    };
    let store = Store::open(&usual_file()?)?;
    let recent = store.recent_videos(1)?;
    let latest = recent
        .first()
        .and_then(|video| video.chats.first())
        .ok_or("there is no chat")?;
    let chat = ChatId(latest.id.parse()?);
    // What the model was shown is that of the last whole answer.
    let turns = store.chat(chat)?.turns;
    let whole = turns
        .iter()
        .rev()
        .find(|turn| turn.answer.as_ref().is_some_and(|answer| answer.facts.is_some()));
    let whole = whole.ok_or("no question was answered")?;
    let plan = store.turn(whole.id.parse().map(videre::chat::TurnId)?)?.plan;
    let new = NewTurn {
        question,
        options: Vec::new(),
        plan,
        replaces: None,
    };
    let turn = store.begin_turn(chat, &new, SystemTime::now())?;
    let answer = KeptAnswer {
        state: AnswerState::Done,
        text,
        choice: None,
        probabilities: Vec::new(),
        facts: whole.answer.as_ref().and_then(|answer| answer.facts.clone()),
        error: None,
    };
    store.end_turn(turn, &answer, SystemTime::now())?;
    Ok(())
}
